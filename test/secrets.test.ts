import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { PASSWORD } from './support/handset.js';
import { asA, type Challenge } from './support/outcomes.js';
import { backEnds, Servers } from './support/servers.js';

// Long codes: six digits would turn up somewhere by chance.
const limits = { CODE_DIGITS: 12, OPEN_CODE_DIGITS: 12 };

describe.each(backEnds)('codes, tokens and passwords, with queue and bus on $name,', ({ redis }) => {
  let servers: Servers;
  let bus: Wiretap;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis, limits });
    bus = servers.redis ? await tapRedis(servers.redis.url) : await tapPostgres(servers.database.url);
  });
  afterAll(async () => {
    await bus.close();
    await servers[Symbol.asyncDispose]();
  });

  test('are in no row, no job, no message and no line of the log, at any moment of the whole path', async () => {
    const secrets: string[] = [PASSWORD];
    const dumps: string[] = [];
    const keep = async (...found: (string | null | undefined)[]) => {
      for (const secret of found) if (secret) secrets.push(secret);
      dumps.push(await servers.database.dump());
    };

    const phone = servers.stranger();
    const signUp = asA('Challenge', await phone.signUp());
    await keep(signUp.token);
    const signUpCode = await servers.mailbox.code(phone.owner.email);
    asA('WrongCode', await phone.verify(signUp, '1'.repeat(12)));
    asA('SignedIn', await phone.verify(signUp, signUpCode));
    await keep(signUpCode, phone.sessionToken, phone.deviceToken);

    const setUp = asA('Challenge', await phone.startTwoStepSetup());
    await keep(setUp.token);
    const setUpCode = await servers.mailbox.code(phone.owner.email);
    asA('TwoStepEnabled', await phone.enableTwoStep(setUp, setUpCode));
    await keep(setUpCode);

    await using requests = phone.loginRequests();
    const laptop = phone.another('Laptop', servers.client(1));
    asA('InvalidCredentials', await laptop.signIn({ password: 'a wrong password of mine' }));
    const signIn: Challenge = await laptop.challenged();
    const { code } = await requests.next();
    await using changes = laptop.challengeChanges(signIn);
    await changes.next();
    asA('Challenge', await laptop.sendCode(signIn, 'EMAIL'));
    expect(await servers.mailbox.code(phone.owner.email)).toBe(code);
    await keep('a wrong password of mine', signIn.token, code);
    asA('SignedIn', await laptop.verify(signIn, code ?? ''));
    await keep(laptop.sessionToken, laptop.deviceToken);

    expect(secrets).toHaveLength(12);
    expect(bus.heard.join('\n')).toContain(signIn.id);
    const places = { dumps: dumps.join('\n'), bus: bus.heard.join('\n'), log: servers.log.join('\n') };
    for (const [place, text] of Object.entries(places)) {
      const leaked = secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form)));
      expect([place, leaked]).toEqual([place, []]);
    }
  });
});

/** A secret as it might be stored: as it is, or the bytes of a token. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret.replace(/^(ses|dev|chl)_/, ''), 'base64url');
  return bytes.length === 32 ? [secret, bytes.toString('hex'), bytes.toString('base64')] : [secret];
}

/** All that passes over the bus and, where that is Redis, through the queue. */
interface Wiretap {
  readonly heard: string[];
  close(): Promise<void>;
}

async function tapRedis(url: string): Promise<Wiretap> {
  const heard: string[] = [];
  const client = new Redis(url);
  const monitor = await client.monitor();
  monitor.on('monitor', (_time: string, args: string[]) => heard.push(args.join(' ')));
  return {
    heard,
    close: async () => {
      monitor.disconnect();
      client.disconnect();
    },
  };
}

async function tapPostgres(url: string): Promise<Wiretap> {
  const heard: string[] = [];
  const client = new Client({ connectionString: url });
  await client.connect();
  client.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await client.query('listen doorstep');
  return { heard, close: () => client.end() };
}
