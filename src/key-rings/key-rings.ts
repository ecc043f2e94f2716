import { fingerprintOf, type RingKey } from '../codes/keys.js';
import type { Config } from '../config/config.js';
import { StartFault } from '../config/start-fault.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { KeyFingerprintRow, type Ring } from './key-fingerprint.entity.js';

/** A ring as a process has it. */
export interface OwnRing {
  readonly ring: Ring;
  readonly keys: readonly RingKey[];
}

/** A key as the others on this database know its id, where this process has another key under it. */
export interface ForeignKey {
  readonly id: string;
  readonly own: Buffer;
  readonly theirs: Buffer;
  readonly firstSeenAt: Date;
}

/** The rings of a process that lists any keys in them. */
export function ringsOf({
  codeKeys,
  signingKeys,
  vapidKeys,
}: Pick<Config, 'codeKeys' | 'signingKeys' | 'vapidKeys'>): readonly OwnRing[] {
  const all: readonly OwnRing[] = [
    { ring: 'CODE_KEYS', keys: codeKeys },
    { ring: 'SIGNING_KEYS', keys: signingKeys },
    { ring: 'VAPID_KEYS', keys: vapidKeys },
  ];
  return all.filter(({ keys }) => keys.length > 0);
}

/**
 * Enters the keys of a ring that are new to this database. With other keys under the same ids, this process and the others
 * would find each other's codes wrong and each other's signatures forged, without a word.
 * @throws StartFault that names each key which is another one elsewhere
 */
export async function enterKeys(db: Sql, ring: Ring, keys: readonly RingKey[]): Promise<void> {
  const ids = keys.map(({ id }) => id);
  await db.run(
    // In one order: of two processes that enter the same keys at the same moment, one waits for the other.
    sql`insert into key_fingerprint (ring, id, fingerprint)
        select ${ring}::text, id, fingerprint from unnest(${ids}::text[], ${keys.map(fingerprintOf)}::bytea[]) own (id, fingerprint)
        order by id on conflict do nothing`,
  );
  const foreign = await foreignKeys(db, ring, keys);
  if (foreign.length > 0) throw new StartFault(foreign.map((key) => faultText(ring, key)).join('\n'));
}

/** The keys of a ring whose ids mean other keys to the processes that were first; none where all is well. */
export async function foreignKeys(db: Sql, ring: Ring, keys: readonly RingKey[]): Promise<ForeignKey[]> {
  const entered = await rowsOf<KeyFingerprintRow>(
    db,
    sql`select ${columns(KeyFingerprintRow)} from key_fingerprint
        where ring = ${ring} and id = any(${keys.map(({ id }) => id)})`,
  );
  return keys.flatMap((key) => {
    const own = fingerprintOf(key);
    const row = entered.find(({ id }) => id === key.id);
    if (!row || own.equals(row.fingerprint)) return [];
    return [{ id: key.id, own, theirs: Buffer.from(row.fingerprint), firstSeenAt: row.firstSeenAt }];
  });
}

/** Those of a ring's keys with which processes on this database have started, in their order. */
export async function keysInUse(db: Sql, ring: Ring, keys: readonly RingKey[]): Promise<RingKey[]> {
  const entered = await listKeys(db);
  return keys.filter((key) =>
    entered.some((row) => row.ring === ring && row.id === key.id && fingerprintOf(key).equals(row.fingerprint)),
  );
}

/** Every key that was entered, of all rings, the oldest first. */
export function listKeys(db: Sql): Promise<KeyFingerprintRow[]> {
  return rowsOf(db, sql`select ${columns(KeyFingerprintRow)} from key_fingerprint order by ring, first_seen_at, id`);
}

/**
 * Forgets which key an id means: the next process that starts with the id says so anew.
 * @returns null if no such key was entered
 */
export function forgetKey(db: Sql, ring: Ring, id: string): Promise<KeyFingerprintRow | null> {
  return rowOf(
    db,
    sql`delete from key_fingerprint where ring = ${ring} and id = ${id} returning ${columns(KeyFingerprintRow)}`,
  );
}

/** As much of a fingerprint as people compare. */
export function shortFingerprint(fingerprint: Uint8Array): string {
  return Buffer.from(fingerprint).toString('hex').slice(0, 16);
}

/** What would come of it. */
const harm: Readonly<Record<Ring, string>> = {
  CODE_KEYS: 'their codes would be wrong here, and these there',
  SIGNING_KEYS: 'what they sign would count as forged here, and what is signed here there',
  VAPID_KEYS: 'push services would refuse what is sent under it to whoever subscribed under the other',
};

function faultText(ring: Ring, { id, own, theirs, firstSeenAt }: ForeignKey): string {
  const named = ring === 'CODE_KEYS' ? id : `${id} --ring ${ring}`;
  return (
    `${ring}: the key '${id}' is not the one that others on this database have under this id since ` +
    `${firstSeenAt.toISOString()} (fingerprint here ${shortFingerprint(own)}, there ${shortFingerprint(theirs)}): ` +
    `${harm[ring]}. Give every process the same keys, and a new key a new id. If this key ` +
    `is the right one: stop those that have the other, run npm run admin -- key forget ${named}, then start anew.`
  );
}
