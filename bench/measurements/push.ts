import { createECDH, randomBytes } from 'node:crypto';
import { newSigningKey } from '../../src/codes/signing-keys.js';
import { freePort } from '../../test/support/store.js';
import { HttpClient } from '../load/http-client.js';
import { LoadProcess } from '../load/load.js';
import { untilResend } from '../load/newcomer.js';
import { othersDuring } from '../meter/meter.js';
import { type Figures, type Measured, mediansOf } from '../report/result.js';
import { percentile } from '../report/statistics.js';
import type { Database } from '../site/database.js';
import { asA, type Challenge, type Outcome, SEND_CODE, SIGN_IN } from '../site/documents.js';
import { idSql, PASSWORD, personOf } from '../site/people.js';
import { Site } from '../site/site.js';
import type { Measurement } from './measurement.js';

/** How many devices an account has that are woken; a person for each. */
const DEVICES = [1, 20, 1_000];
/** Of a round. */
const SENDS = 5;

/** From the commit of a send to the request that its push service gets, for each device, by way of a worker. */
export const pushMeasurement: Measurement = {
  name: 'push',
  async run(cluster, { project, stores, rounds: count }, say) {
    const measured: Measured[] = [];
    for (const store of stores) {
      const port = await freePort();
      const most = String(Math.max(...DEVICES));
      const env = {
        VAPID_KEYS: newSigningKey('bench'),
        PUSH_ALLOW: '127.0.0.1',
        PUSH_DEVICES: most,
        TRUSTED_DEVICES: most,
        DEVICES: '2000',
      };
      await using site = await Site.start(cluster, { project, store, cheapHashes: true, env });
      await site.copyPeople(DEVICES.length);
      await using service = await LoadProcess.start({ kind: 'push-service', port });
      using client = new HttpClient(site.server().graphqlUrl, 1);
      for (const [nth, devices] of DEVICES.entries()) {
        say(`commit to a push service, ${devices} devices, ${store}`);
        await giveDevices(site.database, nth, devices, `http://127.0.0.1:${port}`);
        const rounds: Figures[] = [];
        for (let round = 0; round <= count; round += 1) {
          const times: number[] = [];
          const othersPercent = await othersDuring(async () => {
            const challenge = await challengeOf(client, nth, round);
            times.push(...(await timesOf(site.database, service, challenge, devices)));
            for (let sends = 1; sends < SENDS; sends += 1) {
              await untilResend();
              asA('Challenge', await client.result<Outcome>(SEND_CODE, { token: challenge.token }));
              times.push(...(await timesOf(site.database, service, challenge, devices)));
            }
          });
          // In the first one, code is compiled and statements are prepared.
          if (round > 0) rounds.push({ p50Ms: percentile(times, 50), p99Ms: percentile(times, 99), othersPercent });
        }
        const title = `commit to a push service's request, ${devices} devices (${store})`;
        measured.push({ name: `push ${devices} ${store}`, title, figures: mediansOf(rounds), rounds });
      }
    }
    return measured;
  },
};

async function challengeOf(client: HttpClient, nth: number, round: number): Promise<Challenge> {
  const device = { name: `Laptop ${nth}-${round}`, platform: 'LINUX' };
  const input = { email: personOf(nth).email, password: PASSWORD, device };
  return asA('Challenge', await client.result<Outcome>(SIGN_IN, { input }));
}

/** Milliseconds from the commit of the last send to each request. */
async function timesOf(
  database: Database,
  service: LoadProcess,
  { id }: Challenge,
  devices: number,
): Promise<number[]> {
  const arrived = await service.round<number[]>(devices);
  const [sent] = await database.query<{ at: number }>(
    `select extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as at from delivery
     where challenge_id = $1 order by created_at desc limit 1`,
    [id],
  );
  if (!sent) throw new Error('nothing was sent');
  return arrived.map((at) => Math.max(0, at - sent.at));
}

/** Trusted devices, each with a session and a push subscription. */
async function giveDevices(database: Database, nth: number, count: number, origin: string): Promise<void> {
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const [device, session] = [idSql(`pushed-device-${nth}`, 'k'), idSql(`pushed-session-${nth}`, 'k')];
  await database.query(
    `with account as (select id from account where email = '${personOf(nth).email}'),
       added as (
         insert into device (id, account_id, name, platform, notifications_enabled, trusted_at, last_ip_address)
         select ${device}, account.id, 'Device ' || k, 'WEB', true, clock_timestamp(), '127.0.0.1'
         from account, generate_series(1, ${count}) k returning id),
       opened as (
         insert into session (id, account_id, device_id, token_hash, reason, made_device, last_used_at)
         select ${session}, account.id, ${device}, sha256(('${nth}-' || k)::bytea), 'TRUSTED_DEVICE', false, clock_timestamp()
         from account, generate_series(1, ${count}) k)
     insert into push_subscription (device_id, session_id, endpoint, origin, p256dh, auth, key_id)
     select ${device}, ${session}, $1 || '/${nth}/' || k, $1, $2, $3, 'bench' from generate_series(1, ${count}) k`,
    [origin, browser.getPublicKey(), randomBytes(16)],
  );
  await database.query('vacuum analyze');
}
