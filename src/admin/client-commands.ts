import type { Command } from 'commander';
import { type Scope, scopes } from '../api/caller.js';
import {
  addClient,
  claimForClient,
  type EndedKeys,
  endKeys,
  type Issued,
  type LiveClient,
  listClients,
  rotateKey,
} from '../clients/clients.js';
import { webhookSecretOf } from '../clients/webhook-secret.js';
import type { CodeKey } from '../codes/keys.js';
import type { Allowed } from '../config/allow-list.js';
import { StartFault } from '../config/start-fault.js';
import { keysInUse } from '../key-rings/key-rings.js';
import { refusalOf } from '../outbound/destinations.js';
import { each, matching, originToReturnTo, scopeList, senderMailbox, shortText, webAddress } from './client-options.js';
import type { Office } from './office.js';
import { type Terminal, table } from './terminal.js';

const clientName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const audienceName = /^[!-~]{1,255}$/;

interface AddOptions {
  readonly scopes: Scope[];
  readonly ownAccounts: boolean;
  readonly audience: string[];
  readonly returnOrigin: string[];
  readonly webhook: string[];
  readonly productName?: string;
  readonly sender?: string;
  readonly link?: string;
}

/** `client add`, `list`, `rotate`, `end`: the backends of products that may ask, and their keys. */
export function addClientCommands(program: Command, office: () => Office, terminal: Terminal): void {
  const client = program.command('client').description('backends of products that may use /backend/graphql');
  addAdd(client, office, terminal);

  client
    .command('list')
    .description('lists the clients and when their keys were made; never the keys')
    .action(async () => {
      const clients = await office().read(listClients);
      const rows = clients.flatMap((row) =>
        row.keys.map((key) => [...cellsOf(row), key.id, key.createdAt.toISOString()]),
      );
      const head = ['NAME', 'ID', 'SCOPES', 'OWN ACCOUNTS', 'KEY', 'MADE'];
      terminal.result({ clients: clients.map(jsonOf) }, table(head, rows));
    });

  client
    .command('rotate')
    .description('makes one more key, which works beside the older one until that is ended')
    .argument('<name>')
    .action(async (name: string) => {
      const { act, limits, codeKeys } = office();
      const own = await codeKeys();
      const rotated = await act('client rotate', name, async (db) => {
        const keys = await keysInUse(db, 'CODE_KEYS', own);
        const issued = await rotateKey(
          db,
          name,
          keys.map(({ id }) => id),
          limits,
        );
        return { issued, keys };
      });
      tellKey(terminal, rotated.issued, rotated.keys);
    });

  client
    .command('end')
    .description('ends a client with all its keys, at once; with an option some of its keys alone')
    .argument('<name>')
    .option('--older', 'every key but the newest')
    .option('--key <id>', 'the key that client list shows under this id')
    .action(async (name: string, { older, key }: { older?: true; key?: string }) => {
      if (older && key !== undefined) throw new StartFault('Say --older or --key, not both.');
      const which: EndedKeys = key === undefined ? (older ? 'OLDER' : 'ALL') : { keyId: key };
      const said = which === 'ALL' ? name : `${name} ${older ? 'older keys' : `key ${key}`}`;
      const ended = await office().act('client end', said, (db) => endKeys(db, name, which));
      const keys = ended.map(({ id }) => id);
      terminal.result({ name, isEnded: which === 'ALL', endedKeys: keys }, [
        which === 'ALL' ? `'${name}' is ended, with its keys.` : `Of '${name}' ended: ${keys.join(', ')}`,
      ]);
    });
}

function addAdd(client: Command, office: () => Office, terminal: Terminal): void {
  client
    .command('add')
    .description('makes a client and its key, which is shown this once')
    .argument('<name>', 'up to 64 letters, digits, dots, dashes and underscores', matching(clientName))
    .requiredOption('--scopes <list>', `what it may do, of ${scopes.join(',')}`, scopeList)
    .option('--own-accounts', 'it also sees the accounts that people opened themselves', false)
    .option(
      '--audience <name>',
      'for whom it may have access tokens; may be said again',
      each(matching(audienceName)),
      [],
    )
    .option(
      '--return-origin <origin>',
      'where people come back to it, of RETURN_ORIGINS: codes that lead there are for it alone; may be said again',
      each(originToReturnTo),
      [],
    )
    .option('--webhook <url>', 'where events are sent; may be said again', each(webAddress), [])
    .option('--product-name <text>', 'what its people are told the product is called', shortText)
    .option('--sender <mailbox>', 'who its mails come from, such as "Shop <no-reply@shop.example>"', senderMailbox)
    .option('--link <url>', 'where the product is', webAddress)
    .action(async (name: string, options: AddOptions) => {
      const { act, limits, codeKeys, webhookAllow } = office();
      const { ownAccounts, audience: audiences, returnOrigin: returnOrigins, webhook: webhooks } = options;
      requireAtMost(limits.AUDIENCES, 'AUDIENCES', audiences);
      requireAtMost(limits.WEBHOOKS_PER_CLIENT, 'WEBHOOKS_PER_CLIENT', webhooks);
      for (const url of webhooks) requireAllowed(url, webhookAllow);
      const own = await codeKeys();
      const added = await act('client add', auditTextOf(name, options), async (db) => {
        const keys = await keysInUse(db, 'CODE_KEYS', own);
        const [newest] = keys;
        if (!newest && webhooks.length > 0) {
          throw new StartFault(
            'CODE_KEYS of the servers is wanted here: webhooks are signed with what is derived from it.',
          );
        }
        const claims = { audiences, returnOrigins };
        await claimForClient(db, claims);
        const { productName = null, sender = null, link = null } = options;
        const described = { name, scopes: options.scopes, ownAccounts, ...claims, webhooks, productName, sender, link };
        return { issued: await addClient(db, { ...described, webhookKeyId: newest?.id ?? null }), keys };
      });
      tellKey(terminal, added.issued, added.keys);
    });
}

function requireAtMost(most: number, limit: string, given: readonly string[]): void {
  if (given.length > most)
    throw new StartFault(`A client has at most ${most} of these (${limit}), not ${given.length}.`);
}

/** What would never be sent is refused before anybody waits for it. */
function requireAllowed(url: string, allowed: readonly Allowed[]): void {
  const refusal = refusalOf(new URL(url), allowed);
  if (refusal !== null) throw new StartFault(`--webhook ${url} ${refusal} (WEBHOOK_ALLOW).`);
}

/** Of addresses their origins alone: the rest may be a secret. */
function auditTextOf(
  name: string,
  { scopes: granted, ownAccounts, audience, returnOrigin, webhook }: AddOptions,
): string {
  const parts = [
    `scopes ${granted.join(',')}`,
    ...(ownAccounts ? ['own accounts'] : []),
    ...audience.map((text) => `audience ${text}`),
    ...returnOrigin.map((text) => `return origin ${text}`),
    ...webhook.map((url) => `webhook ${new URL(url).origin}`),
  ];
  return `${name}: ${parts.join(', ')}`;
}

/** @param keys those of `CODE_KEYS` that are known here */
function tellKey(terminal: Terminal, { client, key }: Issued, keys: readonly CodeKey[]): void {
  const { id, name, webhookKeyId } = client;
  const derivedFrom = keys.find((candidate) => candidate.id === webhookKeyId);
  const webhookSecret = derivedFrom ? webhookSecretOf(derivedFrom, id) : null;
  terminal.result({ id, name, key, webhookSecret }, [
    `${name} (${id})`,
    `key             ${key}`,
    `webhook secret  ${webhookSecret ?? 'not known here: it is derived from CODE_KEYS, which were not given'}`,
    'The key is shown this once.',
  ]);
}

function cellsOf({ name, id, scopes: granted, ownAccounts }: LiveClient): string[] {
  return [name, id, granted.join(','), ownAccounts ? 'yes' : 'no'];
}

function jsonOf(row: LiveClient) {
  const {
    id,
    name,
    scopes: granted,
    ownAccounts,
    audiences,
    returnOrigins,
    webhooks,
    productName,
    sender,
    link,
    createdAt,
    keys,
  } = row;
  const claims = { audiences, returnOrigins };
  return { id, name, scopes: granted, ownAccounts, ...claims, webhooks, productName, sender, link, createdAt, keys };
}
