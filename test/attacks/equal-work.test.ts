import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import { Client } from '../support/client.js';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge } from '../support/outcomes.js';
import { requestReset, resetPassword } from '../support/owner.js';
import { backEnds, Servers } from '../support/servers.js';
import { subjectOf } from '../support/subjects.js';
import { until } from '../support/waiting.js';

// Of two requests that must not be told apart by how long they take: that they cost the same. How long they take is
// measured by `npm run bench -- known-unknown`, on a quiet machine.

const NEW_PASSWORD = 'velvet-harbour-57-kettle';
const WRONG = 'not the right password';
// Far above all that a request costs besides.
const heavyHash = { ARGON2_MEMORY_KIB: 65_536, ARGON2_PASSES: 3 };

let servers: Servers;

// Without a worker, whose statements would be counted too; on Redis where there is one, for the same reason.
beforeAll(async () => {
  servers = await Servers.start({
    worker: false,
    redis: backEnds.some(({ redis }) => redis),
    limits: { ...heavyHash, PASSWORD_FAILURES_FREE: 100 },
  });
  await servers.database.query('create extension pg_stat_statements');
});
afterAll(() => servers[Symbol.asyncDispose]());

const ofThisDatabase = '(select oid from pg_database where datname = current_database())';

/** Of each kind of statement, one text; the extension takes values out only where it sees a statement prepared. */
const texts = new Map<string, string>();

/** How often each kind of statement ran meanwhile, by its id; where transactions begin and end is left out. */
async function statementsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const { database } = servers;
  await database.query(`select pg_stat_statements_reset(0, ${ofThisDatabase}, 0)`);
  await work();
  const rows = await database.query<{ id: string; query: string; calls: string }>(
    `select queryid::text as id, query, calls from pg_stat_statements where dbid = ${ofThisDatabase}
       and query !~ 'pg_stat_statements|bullmq' and query !~* '^(begin|commit)'`,
  );
  for (const { id, query } of rows) texts.set(id, texts.get(id) ?? query);
  return Object.fromEntries(rows.map(({ id, calls }) => [id, Number(calls)]));
}

const textsOf = (counted: Record<string, number>) => Object.keys(counted).map((id) => texts.get(id));

/** Milliseconds of processor time that this process, servers included, spends on it. */
async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user / 1000;
}

/** How much it is at least, with somebody else each time: what this process does besides comes on top of that. */
async function leastOf(
  make: () => Handset | Promise<Handset>,
  measure: (asker: Handset) => Promise<number>,
): Promise<number> {
  const measured: number[] = [];
  for (let times = 0; times < 3; times += 1) measured.push(await measure(await make()));
  return Math.min(...measured);
}

/** An account as if somebody had signed up: no worker sends the code that would open it. */
async function someAccount(): Promise<Handset> {
  const phone = servers.stranger();
  await phone.signUp();
  await servers.database.query(
    'insert into account (email, password_hash, locale) select email, password_hash, locale from challenge where email = $1',
    [phone.owner.email],
  );
  await servers.database.age('delivery', '2 hours', 'to_address = $1', [phone.owner.email]);
  return phone;
}

/** Somebody whose address is that of a subject, and of nobody else. */
async function someSubject(): Promise<Handset> {
  const stranger = servers.stranger();
  await subjectOf(servers, await Backend.add(servers), { email: stranger.owner.email });
  return stranger;
}

/** What it costs with an address that somebody has and with one that nobody has; a subject's has to cost as much as that. */
async function bothSides<T>(measure: (asker: Handset) => Promise<T>): Promise<{ known: T; unknown: T }> {
  const unknown = await measure(servers.stranger());
  expect(await measure(await someSubject())).toEqual(unknown);
  const known = await measure(await someAccount());
  return { known, unknown };
}

/** Processor time, which is never the same. */
function alike(ms: number, otherMs: number): void {
  expect(otherMs).toBeGreaterThan(ms / 2);
  expect(ms).toBeGreaterThan(otherMs / 2);
}

const wrongPasswords = () => servers.database.count('activity', "type = 'WRONG_PASSWORD'");

/** Resolves when another wrong password has been noted: until then it could be counted to what comes next. */
async function untilNoted<T>(work: () => Promise<T>): Promise<T> {
  const before = await wrongPasswords();
  const done = await work();
  await until(async () => (await wrongPasswords()) > before, 'the entry');
  return done;
}

describe('an address that somebody has and one that nobody has cost the same', () => {
  test('statements to a wrong password, up to its answer', async () => {
    const unknown = await statementsOf(() => servers.stranger().signIn({ password: WRONG }));
    const subject = await someSubject();
    expect(await statementsOf(() => subject.signIn({ password: WRONG }))).toEqual(unknown);
    const phone = await someAccount();
    let known = {};
    await untilNoted(() =>
      // What is noted of it afterwards waits for the account.
      servers.database.holding('select 1 from account where email = $1 for update', [phone.owner.email], async () => {
        known = await statementsOf(() => phone.signIn({ password: WRONG }));
      }),
    );
    expect(known).toEqual(unknown);
    for (const kind of [/insert into password_attempt/, /left join account a on a.email/]) {
      expect(textsOf(known)).toContainEqual(expect.stringMatching(kind));
    }
  });

  test('hash of a wrong password', async () => {
    const signIn = (asker: Handset) => cpuMsOf(() => asker.signIn({ password: WRONG }));
    const unknown = await leastOf(() => servers.stranger(), signIn);
    alike(await leastOf(someSubject, signIn), unknown);
    alike(await leastOf(someAccount, (phone) => untilNoted(() => signIn(phone))), unknown);
  });

  test('hash of a wrong password once the costs in force are no longer those of the stored hashes', async () => {
    await someAccount();
    const lower = { ARGON2_MEMORY_KIB: '8192', ARGON2_PASSES: '1' };
    await servers.add({ api: true, worker: false }, lower);
    const signIn = (asker: Handset) => cpuMsOf(() => asker.twin(servers.client(1)).signIn({ password: WRONG }));
    const unknown = await leastOf(() => servers.stranger(), signIn);
    alike(await leastOf(someAccount, (phone) => untilNoted(() => signIn(phone))), unknown);
  });

  test('statements to a wrong password past those that an address may have', async () => {
    const few = { PASSWORD_FAILURES_PER_ADDRESS_HOUR: '1' };
    const app = await servers.add({ api: true, worker: false }, few);
    const refused = async (asker: Handset) => {
      const outcome = asA('InvalidCredentials', await asker.signIn({ password: WRONG }));
      expect(outcome.retryAt).not.toBeNull();
    };
    const stranger = servers.stranger().twin(new Client(app.url ?? ''));
    await stranger.signIn({ password: WRONG });
    const unknown = await statementsOf(() => refused(stranger));
    const phone = (await someAccount()).twin(new Client(app.url ?? ''));
    await untilNoted(() => phone.signIn({ password: WRONG }));
    const known = await statementsOf(() => refused(phone));
    expect(known).toEqual(unknown);
    expect(textsOf(known)).toContainEqual(expect.stringMatching(/insert into password_tally/));
    await app.close();
  });

  test('statements to a code whose key is gone', async () => {
    const key = `newer:${randomBytes(32).toString('base64')}`;
    const app = await servers.add({ api: true, worker: false }, { CODE_KEYS: key });
    const { known, unknown } = await bothSides(async (asker) => {
      const challenge = await requestReset(asker);
      const there = asker.twin(new Client(app.url ?? ''));
      return statementsOf(() => resetPassword(there, challenge, '00000000', NEW_PASSWORD));
    });
    expect(known).toEqual(unknown);
    expect(textsOf(known)).toContainEqual(expect.stringMatching(/update challenge c\s+set state/));
  });

  test('hash of a sign-up', async () => {
    const signUp = (asker: Handset) => cpuMsOf(() => asker.signUp(NEW_PASSWORD));
    const unknown = await leastOf(() => servers.stranger(), signUp);
    alike(await leastOf(someSubject, signUp), unknown);
    alike(await leastOf(someAccount, signUp), unknown);
  });

  const doors: [
    string,
    (asker: Handset) => Promise<Challenge>,
    (asker: Handset, challenge: Challenge) => Promise<unknown>,
  ][] = [
    [
      'a sign-up',
      async (asker) => asA('Challenge', await asker.signUp(NEW_PASSWORD)),
      (asker, challenge) => asker.verify(challenge, '00000000'),
    ],
    [
      'a reset',
      (asker) => requestReset(asker),
      (asker, challenge) => resetPassword(asker, challenge, '00000000', NEW_PASSWORD),
    ],
  ];

  test.each(doors)(
    'statements to %s, to each send and to each code, the last one included',
    async (_what, start, type) => {
      const { known, unknown } = await bothSides(async (asker) => {
        let challenge = {} as Challenge;
        const steps = [
          async () => {
            challenge = await start(asker);
          },
          () => asker.challenge(challenge),
          () => asker.sendCode(challenge, 'EMAIL'),
          () => servers.database.query('update challenge set last_mail_send_at = null where id = $1', [challenge.id]),
          () => asker.sendCode(challenge, 'EMAIL'),
          ...Array.from({ length: 6 }, () => () => type(asker, challenge)),
        ];
        const counted: Record<string, number>[] = [];
        for (const step of steps) counted.push(await statementsOf(step));
        return counted;
      });
      expect(known).toEqual(unknown);
      for (const statements of known) expect(Object.keys(statements)).not.toEqual([]);
    },
  );
});

test('a wrong password is noted after its answer, so that the account it is noted for takes no time of it', async () => {
  const phone = await someAccount();
  await untilNoted(() =>
    servers.database.holding('select 1 from account where email = $1 for update', [phone.owner.email], async () => {
      const before = await wrongPasswords();
      asA('InvalidCredentials', await phone.signIn({ password: WRONG }));
      expect(await wrongPasswords()).toBe(before);
    }),
  );
});
