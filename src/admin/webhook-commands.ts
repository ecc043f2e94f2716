import type { Command } from 'commander';
import { type AddressState, addressStates } from '../outbox/webhooks.js';
import type { Office } from './office.js';
import { type Terminal, table } from './terminal.js';

/** `webhook list`: how the addresses fare that events are sent to. */
export function addWebhookCommands(program: Command, office: () => Office, terminal: Terminal): void {
  program
    .command('webhook')
    .description('events that are sent to the backends of products')
    .command('list')
    .description('lists where events are sent: how many wait, went and were given up, and what was wrong the last time')
    .action(async () => {
      const states = await office().read(addressStates);
      const head = ['CLIENT', 'ADDRESS', 'WAITING', 'SINCE', 'DELIVERED', 'GIVEN UP', 'LAST FAULT'];
      terminal.result({ webhooks: states.map(jsonOf) }, table(head, states.map(cellsOf)));
    });
}

function cellsOf(state: AddressState): string[] {
  const { clientName, url, waiting, waitingSince, delivered, givenUp, lastFault, lastStatusCode, lastFaultAt } = state;
  const fault =
    lastFault && [lastFault, lastStatusCode ?? '', lastFaultAt?.toISOString() ?? ''].filter(Boolean).join(' ');
  const since = waitingSince?.toISOString() ?? '-';
  return [clientName, url, String(waiting), since, String(delivered), String(givenUp), fault ?? '-'];
}

function jsonOf({
  clientName: client,
  lastFault: fault,
  lastStatusCode: status,
  lastFaultAt: at,
  ...state
}: AddressState) {
  return { client, ...state, lastFault: fault === null ? null : { fault, status, at } };
}
