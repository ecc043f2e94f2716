import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { Handset, PASSWORD } from '../support/handset.js';
import { SIGN_IN, VERIFY_CODE } from '../support/operations.js';
import { asA, type Outcome } from '../support/outcomes.js';
import {
  CREATE_SUPPORT_REPORT,
  changePassword,
  codeShownOn,
  disableTwoStep,
  member,
  requestReset,
  resetPassword,
  wrongCode,
} from '../support/owner.js';
import { backEnds, Servers } from '../support/servers.js';
import { Visitor } from '../support/visitor.js';
import { until } from '../support/waiting.js';

const CLIENT_IP = '203.0.113.77';
const NEW_PASSWORD = 'velvet-harbour-57-kettle';
const LAST_PASSWORD = 'copper-window-38-saddle';
const WRONG_PASSWORD = 'a wrong password of mine';
const METRICS_TOKEN = 'read-the-counters-of-this-run';

describe.each(backEnds)('codes, tokens and passwords, with queue and bus on $name,', ({ redis }) => {
  let servers: Servers;
  let bus: Wiretap;
  /** What must be nowhere, and what was found in the stores at each moment. */
  const secrets = new Set([PASSWORD, NEW_PASSWORD, LAST_PASSWORD, WRONG_PASSWORD]);
  const stored: string[] = [];
  const told: string[] = [];

  beforeAll(async () => {
    servers = await Servers.start({
      count: 2,
      redis,
      // Long codes: six digits would turn up somewhere by chance.
      limits: { CODE_DIGITS: 12, OPEN_CODE_DIGITS: 12, OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 },
      env: { TRUST_PROXY: '127.0.0.1,::1', METRICS_TOKEN },
    });
    bus = servers.redis ? await tapRedis(servers.redis.url) : await tapPostgres(servers.database.url);
  });
  afterAll(async () => {
    await bus.close();
    await servers[Symbol.asyncDispose]();
  });

  /** Notes secrets as they come into being, and looks at the stores while they are alive. */
  async function keep(...found: (string | null | undefined)[]): Promise<void> {
    for (const secret of found) if (secret) secrets.add(secret);
    stored.push(await servers.database.dump(), servers.redis ? await everythingIn(servers.redis.url) : '');
  }

  const from = (handset: Handset, nth = 0) => {
    return new Handset(
      new Visitor(servers.client(nth).url, { 'x-forwarded-for': CLIENT_IP }),
      servers.mailbox,
      handset.owner,
      handset.name,
    );
  };

  async function signUp(): Promise<Handset> {
    const phone = from(servers.stranger());
    const challenge = asA('Challenge', await phone.signUp());
    await keep(challenge.token);
    const code = await servers.mailbox.code(phone.owner.email);
    asA('WrongCode', await phone.verify(challenge, wrongCode(code)));
    asA('SignedIn', await phone.verify(challenge, code));
    await keep(code, wrongCode(code), phone.sessionToken, phone.deviceToken);
    return phone;
  }

  async function turnOnTwoStep(phone: Handset): Promise<void> {
    const setUp = asA('Challenge', await phone.startTwoStepSetup());
    await keep(setUp.token);
    const code = await servers.mailbox.code(phone.owner.email);
    asA('TwoStepEnabled', await phone.enableTwoStep(setUp, code));
    await keep(code);
  }

  /** Live code, mail, wrong password, wrong code, report from outside. @returns the id of the challenge */
  async function signInOnLaptop(phone: Handset): Promise<string> {
    await using requests = phone.loginRequests();
    const laptop = from(phone.another('Laptop'), 1);
    asA('InvalidCredentials', await laptop.signIn({ password: WRONG_PASSWORD }));
    const challenge = await laptop.challenged();
    const { code } = await requests.next();
    await using changes = laptop.challengeChanges(challenge);
    await changes.next();
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    expect(await servers.mailbox.code(phone.owner.email)).toBe(code);
    await keep(challenge.token, code, wrongCode(code ?? ''));
    asA('WrongCode', await laptop.verify(challenge, wrongCode(code ?? '')));
    told.push(JSON.stringify(await laptop.ask(CREATE_SUPPORT_REPORT, { token: challenge.token })));
    asA('SignedIn', await laptop.verify(challenge, code ?? ''));
    told.push(JSON.stringify(await laptop.ask(CREATE_SUPPORT_REPORT)));
    await keep(laptop.sessionToken, laptop.deviceToken);
    return challenge.id;
  }

  async function signInByCookies(phone: Handset): Promise<void> {
    const browser = from(phone.another('Browser'), 1);
    const headers = { 'session-transport': 'cookie', origin: 'http://localhost:4000' };
    const input = { ...browser.owner, device: { name: 'Browser', platform: 'WEB' } };
    const { result } = await browser.client.data<{ result: Outcome }>(SIGN_IN, { input }, { headers });
    const challenge = asA('Challenge', result);
    const code = await codeShownOn(phone, challenge);
    const answer = await browser.client.graphql(VERIFY_CODE, { token: challenge.token, code }, { headers });
    told.push(JSON.stringify(answer.data));
    const cookies = answer.headers.getSetCookie().map((cookie) => /=((?:ses|dev)_[\w-]{43})/.exec(cookie)?.[1]);
    expect(cookies).toEqual([expect.stringMatching(/^ses_/), expect.stringMatching(/^dev_/)]);
    await keep(challenge.token, code, ...cookies);
  }

  async function changeAndReset(phone: Handset): Promise<void> {
    const before = phone.sessionToken;
    member('WrongPassword', await changePassword(phone, NEW_PASSWORD, { currentPassword: WRONG_PASSWORD }));
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
    await keep(before, phone.sessionToken);
    const reset = await requestReset(phone);
    const code = await servers.mailbox.code(phone.owner.email);
    await keep(reset.token, code, wrongCode(code));
    member('WrongCode', await resetPassword(phone, reset, wrongCode(code), LAST_PASSWORD));
    member('PasswordReset', await resetPassword(phone, reset, code, LAST_PASSWORD));
    const decoy = await requestReset(from(servers.stranger()));
    await keep(decoy.token);
  }

  /** Refused values, and a fault of ours in the middle of a request that carries secrets. */
  async function fail(phone: Handset): Promise<void> {
    const input = { ...phone.owner, device: { name: 'Phone', platform: 'IOS' } };
    for (const broken of [{ password: [PASSWORD] }, { deviceToken: { is: phone.deviceToken } }]) {
      told.push(JSON.stringify(await phone.client.graphql(SIGN_IN, { input: { ...input, ...broken } })));
    }
    await servers.database.query('alter table activity rename to no_activity');
    try {
      const signingIn = { input: { ...input, deviceToken: phone.deviceToken } };
      const { errors } = await phone.client.graphql(SIGN_IN, signingIn);
      expect(errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
      told.push(JSON.stringify(errors));
    } finally {
      await servers.database.query('alter table no_activity rename to activity');
    }
  }

  test('are in no row, no job, no message and no line of the log, at any moment of the whole path', async () => {
    const phone = await signUp();
    await turnOnTwoStep(phone);
    const challengeId = await signInOnLaptop(phone);
    await signInByCookies(phone);
    await changeAndReset(phone);
    asA('Challenge', await phone.signIn({ password: LAST_PASSWORD }));
    const other = await signUp();
    member('TwoStepDisabled', await disableTwoStep(other));
    await fail(other);
    await keep();

    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const metrics = await (await fetch(`${servers.client().url}/metrics`, { headers })).text();
    expect(metrics).toContain('http_request_duration_seconds_count');
    expect(secrets.size).toBe(30);
    expect(bus.heard.join('\n')).toContain(challengeId);
    expect(servers.log.some((line) => line.includes('a request failed'))).toBe(true);
    const places = {
      'database and Redis': stored.join('\n'),
      'bus and queue': bus.heard.join('\n'),
      log: servers.log.join('\n'),
      metrics,
      answers: told.join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      const leaked = [...secrets].filter((secret) => formsOf(secret).some((form) => text.includes(form)));
      expect([place, leaked]).toEqual([place, []]);
    }
    // Nor is anybody to be found in the log who was there: neither address.
    const log = servers.log.join('\n');
    for (const person of [phone.owner.email, other.owner.email, CLIENT_IP]) expect(log).not.toContain(person);
    expect(metrics).not.toContain(CLIENT_IP);
  });
});

test('neither a code nor an address is logged where the mail server cannot be reached', async () => {
  await using servers = await Servers.start({ worker: false });
  await servers.add({ api: false, worker: true }, { SMTP_URL: 'smtp://127.0.0.1:1' });
  const phone = servers.stranger();
  const { id } = asA('Challenge', await phone.signUp());
  await until(
    () => servers.database.count('delivery', "challenge_id = $1 and state = 'RETRYING'", [id]),
    'the fault of the mail',
  );
  const line = servers.log.find((entry) => entry.includes('the mail server did not take a mail'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ errorCode: expect.stringMatching(/^E/), isFinal: false });
  expect(servers.log.join('\n')).not.toContain(phone.owner.email);
});

/** A secret as it might be stored: as it is, its text in bytes as PostgreSQL and JSON show them, or the bytes of a token. */
function formsOf(secret: string): string[] {
  const text = Buffer.from(secret);
  const bytes = Buffer.from(secret.replace(/^(ses|dev|chl)_/, ''), 'base64url');
  const forms = [secret, text.toString('hex'), text.toString('base64')];
  return bytes.length === 32 ? [...forms, bytes.toString('hex'), bytes.toString('base64')] : forms;
}

/** All that passes over the bus and, where that is Redis, through the queue and the limits. */
interface Wiretap {
  readonly heard: string[];
  close(): Promise<void>;
}

async function tapRedis(url: string): Promise<Wiretap> {
  const heard: string[] = [];
  const monitor = new Redis(url, { monitor: true });
  monitor.on('monitor', (_time: string, args: string[]) => heard.push(args.join(' ')));
  // Told of a command in the moment in which it begins to listen, the client takes that for a fault.
  monitor.on('error', () => {});
  await new Promise((resolve) => monitor.once('monitoring', resolve));
  return { heard, close: async () => monitor.disconnect() };
}

/** Every key of a Redis with all that it holds, as text. */
async function everythingIn(url: string): Promise<string> {
  const client = new Redis(url);
  const readers: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hgetall(key),
    list: (key) => client.lrange(key, 0, -1),
    set: (key) => client.smembers(key),
    zset: (key) => client.zrange(key, '0', '-1', 'WITHSCORES'),
    stream: (key) => client.xrange(key, '-', '+'),
  };
  const found: unknown[] = [];
  for (const key of await client.keys('*')) found.push(key, await readers[await client.type(key)]?.(key));
  client.disconnect();
  return JSON.stringify(found);
}

async function tapPostgres(url: string): Promise<Wiretap> {
  const heard: string[] = [];
  const client = new Client({ connectionString: url });
  await client.connect();
  client.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await client.query('listen doorstep');
  return { heard, close: () => client.end() };
}
