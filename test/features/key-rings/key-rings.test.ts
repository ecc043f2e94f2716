import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { codeOf } from '../../../src/codes/codes.js';
import { fingerprintOf, parseCodeKeys } from '../../../src/codes/keys.js';
import { newSigningKey } from '../../../src/codes/signing-keys.js';
import { StartFault } from '../../../src/config/start-fault.js';
import { enterKeys, forgetKey } from '../../../src/key-rings/key-rings.js';
import { Database } from '../../../src/sql/database.js';
import { openPool } from '../../../src/wiring/database.js';
import { asA } from '../../support/outcomes.js';
import { Process } from '../../support/processes.js';
import { Servers } from '../../support/servers.js';
import { freePort } from '../../support/store.js';
import { until } from '../../support/waiting.js';

// Two processes that call different keys the same would derive different codes: each code wrong, without a word.

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.start({ count: 0, env: { CODE_KEYS: newKey('2026-11') } });
});
afterEach(() => servers[Symbol.asyncDispose]());

const otherKeys = () => ({ CODE_KEYS: `${newKey('2027-01')},${newKey('2026-11')}` });

async function readiness(url: string | null) {
  const answer = await fetch(`${url}/readyz`);
  const { reason } = (await answer.json()) as { reason?: string };
  return { status: answer.status, reason };
}

/** Work on a connection of its own, as another process has one. */
async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const pool = openPool(servers.database.url, pino({ level: 'silent' }));
  try {
    return await work(new Database(pool));
  } finally {
    await pool.end();
  }
}

describe.each(['server', 'worker'] as const)('a %s that has another key under an id of the others', (program) => {
  test('does not start, and says which', async () => {
    await servers.add({ api: true, worker: false });
    await using process = await Process.launch(program, servers.environment(otherKeys()));
    expect(await process.ended()).toBe(1);
    const said = process.log.filter((line) => line.includes('CODE_KEYS'));
    expect(said).toEqual([expect.stringMatching(/^CODE_KEYS: the key '2026-11' is not the one .* key forget 2026-11/)]);
    // What would have been the new one there is the new one nowhere.
    expect(process.log.join()).not.toContain('takes jobs');
  });

  test('that comes while the database is away does not stay when it is back', async () => {
    const port = String(await freePort());
    await (await servers.add({ api: true, worker: false })).close();
    const env = servers.environment({ ...otherKeys(), PORT: port, WORKER_PORT: port });
    await using process = await servers.database.away(async () => {
      const launched = await Process.launch(program, env);
      await launched.logged('the database cannot be used yet');
      expect(await readiness(`http://127.0.0.1:${port}`)).toMatchObject({
        status: 503,
        reason: 'the database cannot be used yet',
      });
      return launched;
    });
    expect(await process.ended()).toBe(1);
    expect(process.log).toContainEqual(expect.stringMatching(/^CODE_KEYS: the key '2026-11' is not the one/));
  });
});

describe('of SIGNING_KEYS', () => {
  const [here, there] = [newSigningKey('2026-11'), newSigningKey('2026-11')];

  test('another key under an id of the others ends the start, and the same one in other words does not', async () => {
    const app = await servers.add({ api: true, worker: false }, { SIGNING_KEYS: here });
    const start = servers.add({ api: true, worker: false }, { SIGNING_KEYS: there });
    const said = /^SIGNING_KEYS: the key '2026-11' is not the one .* key forget 2026-11 --ring SIGNING_KEYS/;
    await expect(start).rejects.toThrow(said);
    await expect(start).rejects.toBeInstanceOf(StartFault);
    await servers.add({ api: true, worker: false }, { SIGNING_KEYS: here });
    // The two rings have names of their own.
    expect(await servers.database.query('select ring from key_fingerprint order by ring')).toEqual([
      { ring: 'CODE_KEYS' },
      { ring: 'SIGNING_KEYS' },
    ]);
    expect(await readiness(app.url)).toMatchObject({ status: 200 });
    await withDatabase((db) => forgetKey(db, 'SIGNING_KEYS', '2026-11'));
    await servers.add({ api: true, worker: false }, { SIGNING_KEYS: there });
    expect(await readiness(app.url)).toMatchObject({
      status: 503,
      reason: "SIGNING_KEYS has other keys under '2026-11' than the other processes have",
    });
  });
});

test('a process that has another key makes and shows no code, however long it takes to end', async () => {
  await servers.add({ api: true, worker: true });
  const phone = await servers.trusted();
  const challenge = await phone.another('Laptop').challenged();
  await expect(servers.add({ api: true, worker: true }, otherKeys())).rejects.toThrow(StartFault);
  const before = await servers.database.count('challenge');
  const there = servers.client(1);
  for (const answer of [
    phone.another('Tablet', there).signIn(),
    phone.twin(there).viewer(),
    phone.another('Laptop', there).verify(challenge, '000000'),
    servers.stranger(1).signUp(),
  ]) {
    await expect(answer).rejects.toThrow(/INTERNAL_SERVER_ERROR/);
  }
  expect(await servers.database.count('challenge')).toBe(before);
  expect(await readiness(servers.app(1).url)).toMatchObject({ status: 503, reason: 'it must not start' });
});

test('of many processes that start with different keys of one id at the same moment, one does', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 16 }, () =>
      withDatabase((db) => enterKeys(db, 'CODE_KEYS', parseCodeKeys(`${newKey('b')},${newKey('a')}`))),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StartFault);
  }
  expect(await servers.database.count('key_fingerprint')).toBe(2);
});

test('once a wrong first one is forgotten the right one starts, and the wrong one that still runs is not ready', async () => {
  const wrong = await servers.add({ api: true, worker: false }, { CODE_KEYS: newKey('2026-11') });
  await expect(servers.add({ api: true, worker: false })).rejects.toThrow(/'2026-11'/);
  expect(await readiness(wrong.url)).toMatchObject({ status: 200 });
  await withDatabase((db) => forgetKey(db, 'CODE_KEYS', '2026-11'));
  expect(await readiness(wrong.url)).toMatchObject({ status: 200 });
  const right = await servers.add({ api: true, worker: true });
  expect(await readiness(right.url)).toMatchObject({ status: 200 });
  expect(await readiness(wrong.url)).toMatchObject({
    status: 503,
    reason: "CODE_KEYS has other keys under '2026-11' than the other processes have",
  });
});

test('a key that nobody has met is entered by whoever has it first, and one that is taken out stays', async () => {
  const [oldKey, key] = [newKey('old'), newKey('new')];
  for (const keys of [oldKey, `${oldKey},${key}`, `${key},${oldKey}`, key]) {
    await servers.add({ api: true, worker: false }, { CODE_KEYS: keys });
  }
  const rows = await servers.database.query('select id from key_fingerprint order by first_seen_at');
  expect(rows).toEqual([{ id: 'old' }, { id: 'new' }]);
  await expect(servers.add({ api: true, worker: false }, { CODE_KEYS: newKey('old') })).rejects.toThrow(/'old'/);
});

test('a database that takes no writes makes a server not ready, at its start and later, and the server says so', async () => {
  const app = await servers.add({ api: true, worker: true });
  const name = new URL(servers.database.url).pathname.slice(1);
  const readOnly = (isOn: boolean) =>
    servers.database.query(`alter database ${name} set default_transaction_read_only = ${isOn ? 'on' : 'off'}`);
  await readOnly(true);
  const isReadOnly = (url: string | null) =>
    until(async () => {
      const { status, reason } = await readiness(url);
      return status === 503 && reason === 'the database is read-only';
    }, 'word that the database is read-only');
  // Connections from before may write on.
  await servers.database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name <> 'test'",
    [name],
  );
  await isReadOnly(app.url);
  await using late = await Process.launch('server', servers.environment());
  await late.logged('the database cannot be used yet');
  await isReadOnly(late.url);
  await servers.database.query(
    `begin read write; alter database ${name} set default_transaction_read_only = off; commit`,
  );
  await servers.database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name <> 'test'",
    [name],
  );
  await late.ready();
  await until(async () => (await readiness(app.url)).status === 200, 'the server, ready again');
  asA('Challenge', await servers.stranger().signUp());
});

test('a fingerprint differs by key and by id, and is no code of any challenge', () => {
  const [key, other] = parseCodeKeys(`${newKey('a')},${newKey('b')}`);
  if (!key || !other) throw new Error('there are two');
  const all = [fingerprintOf(key), fingerprintOf({ ...key, id: 'b' }), fingerprintOf(other)];
  expect(new Set(all.map((fingerprint) => fingerprint.toString('hex'))).size).toBe(3);
  expect(all[0]).toHaveLength(32);
  expect(codeOf(key, '0b8f2a36-6b3f-4a0b-9a44-0f6f6f0a5b11', randomBytes(32), 6)).toMatch(/^\d{6}$/);
});
