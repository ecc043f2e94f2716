import { type Command, Option } from 'commander';
import { StartFault } from '../config/start-fault.js';
import { type KeyFingerprintRow, type Ring, rings } from '../key-rings/key-fingerprint.entity.js';
import { forgetKey, listKeys, shortFingerprint } from '../key-rings/key-rings.js';
import type { Office } from './office.js';
import { type Terminal, table } from './terminal.js';

/** `key list`, `key forget`: which key each id means to the processes on this database. */
export function addKeyCommands(program: Command, office: () => Office, terminal: Terminal): void {
  const key = program.command('key').description('which key each id means to all processes');

  key
    .command('list')
    .description('lists the keys that processes have started with; fingerprints, never the keys')
    .action(async () => {
      const keys = await office().read(listKeys);
      const rows = keys.map((row) => [
        row.ring,
        row.id,
        shortFingerprint(row.fingerprint),
        row.firstSeenAt.toISOString(),
      ]);
      terminal.result({ keys: keys.map(jsonOf) }, table(['RING', 'ID', 'FINGERPRINT', 'FIRST SEEN'], rows));
    });

  key
    .command('forget')
    .description('forgets which key an id means, where a wrong one was first; stop the processes that have it before')
    .argument('<id>')
    .addOption(new Option('--ring <name>', 'the variable that lists it').choices(rings).default('CODE_KEYS'))
    .action(async (id: string, { ring }: { ring: Ring }) => {
      const forgotten = await office().act('key forget', `${ring} ${id}`, async (db) => {
        const row = await forgetKey(db, ring, id);
        if (!row)
          throw new StartFault(`${ring}: no process has started with a key '${id}'. key list tells which there are.`);
        return row;
      });
      terminal.result({ forgotten: jsonOf(forgotten) }, [
        `${ring}: the key '${id}' (${shortFingerprint(forgotten.fingerprint)}) is forgotten; the next process that starts says which it is.`,
      ]);
    });
}

function jsonOf({ ring, id, fingerprint, firstSeenAt }: KeyFingerprintRow) {
  return { ring, id, fingerprint: shortFingerprint(fingerprint), firstSeenAt };
}
