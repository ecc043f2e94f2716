import { randomUUID } from 'node:crypto';
import { SIGN_IN, SIGN_UP } from '../../test/support/operations.js';
import type { Servers } from '../../test/support/servers.js';
import { percentile } from '../report/statistics.js';
import { interleaved, shareAbove } from './samples.js';

const PASSWORD = 'quartz-lantern-92-orbit';
const RESET = 'mutation ($email: EmailAddress!) { requestPasswordReset(email: $email) { token state } }';
const device = { name: 'Laptop', platform: 'LINUX' };

const requests: Record<string, (email: string) => readonly [string, Record<string, unknown>]> = {
  'signIn, wrong password': (email) => [SIGN_IN, { input: { email, password: 'not the right password', device } }],
  signUp: (email) => [SIGN_UP, { input: { email, password: PASSWORD, device } }],
  requestPasswordReset: (email) => [RESET, { email }],
};

const head = [
  'request',
  'known p50',
  'unknown p50',
  'known / unknown',
  'known p10, p90',
  'unknown p10, p90',
  'known slower',
];

/**
 * How long a request takes with an address that somebody has and with one that nobody has: rows of a table. The last
 * column is the share of pairs in which the known one took longer: about 50 % where the time tells nothing.
 */
export async function compareKnownAndUnknown(servers: Servers, samples: number): Promise<string[][]> {
  const client = servers.client();
  const rows = [head];
  // All of them first: behind the mails of the sign-ups that are timed, the one that opens an account would wait.
  const accounts = await makeAccounts(servers, samples * Object.keys(requests).length);
  for (const [name, request] of Object.entries(requests)) {
    const known = accounts.splice(0, samples);
    const send = (email: string) => client.data(...request(email));
    // Connections, caches and the compiler are warm before it counts.
    for (let nth = 0; nth < 20; nth += 1) await send(newAddress());
    const { one, other } = await interleaved(
      samples,
      (nth) => send(known[nth] ?? ''),
      () => send(newAddress()),
    );
    const spread = (times: number[]) => `${ms(percentile(times, 10))}, ${ms(percentile(times, 90))}`;
    rows.push([
      name,
      ms(percentile(one, 50)),
      ms(percentile(other, 50)),
      (percentile(one, 50) / percentile(other, 50)).toFixed(3),
      spread(one),
      spread(other),
      `${shareAbove(one, other).toFixed(0)} %`,
    ]);
  }
  return rows;
}

function newAddress(): string {
  return `${randomUUID()}@example.com`;
}

function ms(time: number): string {
  return `${time.toFixed(1)} ms`;
}

/** Accounts as if that many people had signed up, all with one password. */
async function makeAccounts(servers: Servers, count: number): Promise<string[]> {
  const phone = await servers.signedUp();
  const rows = await servers.database.query<{ email: string }>(
    `insert into account (email, password_hash, locale)
     select gen_random_uuid() || '@example.com', a.password_hash, a.locale
     from account a, generate_series(1, $2) where a.email = $1 returning email`,
    [phone.owner.email, count],
  );
  return rows.map(({ email }) => email);
}
