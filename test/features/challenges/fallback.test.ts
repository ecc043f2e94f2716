import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Fallbacks } from '../../../src/challenges/fallbacks.js';
import type { Repeated } from '../../../src/sql/pulse.js';
import { Transactions } from '../../../src/sql/transactions.js';
import { withDatabase } from '../../support/backend.js';
import type { Handset } from '../../support/handset.js';
import { asA, type Challenge, promptId } from '../../support/outcomes.js';
import { codeShownOn, resetByMail } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

let servers: Servers;

// Two servers look for the same codes.
beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits: { FALLBACK_SECONDS: 60, MAILS_PER_ADDRESS_HOUR: 2 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

const waited = (challenge: Challenge, seconds: number) =>
  servers.database.age('challenge', `${seconds} seconds`, 'id = $1', [challenge.id]);

/** The challenges of an account whose codes were mailed, or not for a limit. */
const mailed = ({ id }: Challenge) =>
  servers.database.query('select method, is_withheld from delivery where challenge_id = $1 order by created_at', [id]);

const APP = { method: 'APP', is_withheld: false };
const EMAIL = { method: 'EMAIL', is_withheld: false };

/** Waits until a code goes by mail that has waited long enough: whoever looked for it has looked at all others as well. */
async function hasLooked(): Promise<void> {
  const phone = await servers.trusted();
  const challenge = await phone.another('Laptop').challenged();
  await waited(challenge, 61);
  await until(async () => (await mailed(challenge)).length === 2, 'a mail');
}

async function asked(phone?: Handset): Promise<{ phone: Handset; laptop: Handset; challenge: Challenge }> {
  const owner = phone ?? (await servers.trusted());
  const laptop = owner.another('Laptop');
  return { phone: owner, laptop, challenge: await laptop.challenged() };
}

describe('a code that nobody has seen goes by mail by itself', () => {
  test('after FALLBACK_SECONDS, and not before', async () => {
    const { phone, laptop, challenge } = await asked();
    await waited(challenge, 40);
    const early = challenge;
    await hasLooked();
    expect(await mailed(early)).toEqual([APP]);
    await waited(challenge, 21);
    const code = await servers.mailbox.code(phone.owner.email);
    expect(code).toBe(await codeShownOn(phone, challenge));
    const now = await laptop.challenge(challenge);
    expect(now).toMatchObject({ state: 'PENDING', method: 'EMAIL' });
    expect(now.deliveries.map(({ method }) => method)).toEqual(['EMAIL', 'APP']);
    asA('SignedIn', await laptop.verify(challenge, code));
  });

  test('once, however many servers look, and however long it waits', async () => {
    const { challenge } = await asked();
    await waited(challenge, 61);
    await until(async () => (await mailed(challenge)).length > 1, 'the mail');
    await waited(challenge, 300);
    await hasLooked();
    expect(await mailed(challenge)).toEqual([APP, EMAIL]);
  });

  test('not where it was seen, was mailed before, is over, or may not be mailed', async () => {
    const seen = await asked();
    await codeShownOn(seen.phone, seen.challenge);
    await seen.phone.acknowledge({ id: promptId(seen.challenge) });
    const byMail = await asked();
    asA('Challenge', await byMail.laptop.sendCode(byMail.challenge, 'EMAIL'));
    await servers.database.age('challenge', '30 seconds', 'id = $1', [byMail.challenge.id]);
    asA('Challenge', await byMail.laptop.sendCode(byMail.challenge, 'APP'));
    const denied = await asked();
    await denied.phone.deny({ id: promptId(denied.challenge) });
    // Two were mailed within the hour: the code that turned two-step on, and another.
    const often = await asked();
    asA('Challenge', await often.laptop.sendCode(often.challenge, 'EMAIL'));
    const limited = await asked(often.phone);
    const held = await servers.trusted();
    const password = 'velvet-harbour-57-kettle';
    await resetByMail(held, password);
    const afterReset = asA('Challenge', await held.another('Laptop').signIn({ password }));
    const all = [seen, byMail, denied, limited].map(({ challenge }) => challenge).concat(afterReset);
    for (const challenge of all) await waited(challenge, 120);
    await hasLooked();
    const methods = await Promise.all(
      all.map(async (challenge) => (await mailed(challenge)).map(({ method }) => method)),
    );
    expect(methods).toEqual([['APP'], ['APP', 'EMAIL', 'APP'], ['APP'], ['APP'], ['APP']]);
  });

  test('however many others may not be mailed, and wait before it', async () => {
    const { laptop, phone, challenge } = await asked();
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    const limited = await asked(phone);
    await waited(limited.challenge, 120);
    await servers.database.query(
      `insert into challenge select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),
         'token_hash', '\\x' || encode(sha256(gen_random_uuid()::text::bytea), 'hex')))).*
       from challenge c, generate_series(1, 100) where c.id = $1`,
      [limited.challenge.id],
    );
    await hasLooked();
    expect(await mailed(limited.challenge)).toEqual([APP]);
  });
});

test('what else the server repeats does not wait for the account of one', async () => {
  // Where nobody else looks.
  await using quiet = await Servers.start();
  const { database } = quiet;
  const challenge = await (await quiet.trusted()).another('Laptop').challenged();
  await withDatabase(database.url, async (db) => {
    const tasks: Repeated[] = [];
    const transactions = new Transactions(db, { publish() {}, enqueue() {}, push() {} });
    const limits = { ...quiet.config().limits, FALLBACK_SECONDS: 60 };
    // Nothing is sent by it: by the time that it gets the account there is nothing to send.
    const fallbacks = new Fallbacks(transactions, undefined as never, limits, pino({ level: 'silent' }));
    fallbacks.start({ add: (task) => void tasks.push(task) });
    const lock = 'select from account where id = (select account_id from challenge where id = $1) for update';
    await database.holding(lock, [challenge.id], async (held) => {
      await database.age('challenge', '61 seconds', 'id = $1', [challenge.id]);
      await tasks[0]?.run(db);
      await held.waiters(1);
      expect(tasks[0]?.isIdle()).toBe(true);
      await database.query('update challenge set mail_held = true where id = $1', [challenge.id]);
    });
    await fallbacks.close();
    expect(tasks[0]?.isIdle()).toBe(false);
  });
});

test('unless it is asked for, nobody looks', () => {
  const idle: boolean[] = [];
  for (const FALLBACK_SECONDS of [0, 1]) {
    const limits = { ...servers.config().limits, FALLBACK_SECONDS };
    const fallbacks = new Fallbacks(undefined as never, undefined as never, limits, pino());
    fallbacks.start({ add: (task) => void idle.push(task.isIdle()) });
  }
  expect(idle).toEqual([true, false]);
});
