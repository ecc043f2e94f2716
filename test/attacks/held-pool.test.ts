import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { Servers } from '../support/servers.js';
import { until, within } from '../support/waiting.js';

// What one query asks for at once holds one connection of the database, however much it is.

/** One less than the pool has. */
const QUERIES = 9;
const CHARTS = 15;

let servers: Servers;
let phone: Handset;

beforeAll(async () => {
  servers = await Servers.start({ limits: { GRAPHQL_OBJECT_ALIASES: CHARTS, GRAPHQL_TOKENS: 5000 } });
  phone = await servers.trusted();
});
afterAll(() => servers[Symbol.asyncDispose]());

const charts = Array.from(
  { length: CHARTS },
  (_, nth) => `c${nth}: loginActivityByDay(days: ${180 - nth}) { day }`,
).join(' ');

/** Everything that reads the activity, and what an account shows besides. */
const QUERY = `{ viewer { ${charts} loginActivityByDay(days: 7) { signedIn } loginActivity(first: 100) { edges { node { id device { id } } } }
  devices { id } loginRequests { id code } } }`;

const waiting = () =>
  servers.database.count('pg_stat_activity', "datname = current_database() and wait_event_type = 'Lock'");

test('queries with as many charts as may be hold one connection each', async () => {
  await phone.another('Laptop').challenged();
  await phone.graphql(QUERY);
  await servers.database.holding('lock table activity in access exclusive mode', [], async (held) => {
    const answers = Array.from({ length: QUERIES }, () => phone.graphql(QUERY));
    await held.waiters(QUERIES);
    for (let nth = 0; nth < 5; nth += 1) {
      const { data } = await within(phone.graphql('{ viewer { id } }'), 'the answer to somebody else');
      expect(data).not.toBeNull();
    }
    expect(await waiting()).toBe(QUERIES);
    await held.release();
    for (const { errors } of await Promise.all(answers)) expect(errors).toEqual([]);
  });
  await until(async () => (await waiting()) === 0, 'the end of the wait');
});
