import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { FaultProxy } from '../support/fault-proxy.js';
import { Handset, newOwner } from '../support/handset.js';
import { asA, promptId } from '../support/outcomes.js';
import { codeShownOn } from '../support/owner.js';
import { startTestPostgres } from '../support/postgres.js';
import { Process } from '../support/processes.js';
import { backEnds, Servers } from '../support/servers.js';
import type { Store } from '../support/store.js';
import { until, within } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

/** The longest that a request waits for a PostgreSQL that does not answer. */
const HELD_UP_MS = 10_000;

/** Sign-ins count as failed until their password was compared: six of them at once would slow down the next. */
const limits = { PASSWORD_FAILURES_FREE: 20 };

describe.each(backEnds)('a PostgreSQL, with queue and bus on $name,', ({ redis }) => {
  let stores: Servers;
  let postgres: Store;
  let way: FaultProxy;
  let server: Process;
  let worker: Process;
  let phone: Handset;

  beforeAll(async () => {
    [stores, postgres] = await Promise.all([Servers.start({ redis, count: 0, limits }), startTestPostgres()]);
    way = await FaultProxy.start(postgres.url);
    const env = stores.environment({ DATABASE_URL: way.url });
    [server, worker] = await Promise.all([Process.server(env), Process.worker(env)]);
    phone = stranger();
    const challenge = asA('Challenge', await phone.signUp());
    asA('SignedIn', await phone.verify(challenge, await stores.mailbox.code(phone.owner.email)));
    await phone.turnOnTwoStep();
  });
  afterAll(async () => {
    await Promise.all([server.kill(), worker.kill()]);
    way[Symbol.dispose]();
    await stores[Symbol.asyncDispose]();
    await postgres.stop();
  });

  const stranger = () => new Handset(server.client, stores.mailbox, newOwner());

  /** Resolves when people are served again; the deadline is what is promised. */
  const isBack = () => until(() => phone.viewer().then(Boolean, () => false), 'the service');

  /** A code by mail, and one on a device: queue, worker, bus and sockets. One that was open may have been told 1013. */
  async function allWorks(): Promise<void> {
    await using requests = phone.loginRequests();
    const newcomer = stranger();
    const signUp = asA('Challenge', await newcomer.signUp());
    const laptop = phone.another('Laptop');
    const challenge = asA('Challenge', await laptop.signIn());
    const { code } = await requests.nextThat(({ id }) => id === promptId(challenge));
    asA('SignedIn', await laptop.verify(challenge, code ?? ''));
    asA('SignedIn', await newcomer.verify(signUp, await stores.mailbox.code(newcomer.owner.email)));
  }

  test('that is killed and started again is missed with errors, and all is well by itself within ten seconds', async () => {
    await using _open = phone.loginRequests();
    await codeShownOn(phone, asA('Challenge', await phone.another('Tablet').signIn()));
    await postgres.kill();
    const { errors } = await within(phone.graphql('{ viewer { id } }'), 'the answer');
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await postgres.restart();
    await isBack();
    await allWorks();
  });

  test('whose connections are cut in the middle of sign-ins leaves none of them half done', async () => {
    const laptops = ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => phone.another(name));
    const challenges = await Promise.all(laptops.map((laptop) => laptop.challenged()));
    const codes = await Promise.all(challenges.map((challenge) => codeShownOn(phone, challenge)));
    const enter = (nth: number) => laptops[nth]?.verify(challenges[nth] as { token: string }, codes[nth] ?? '');
    const entering = laptops.map((_laptop, nth) => enter(nth)?.catch(() => null));
    way.cut();
    await Promise.all(entering);
    await isBack();
    const again = await Promise.all(laptops.map(async (_laptop, nth) => (await entering[nth]) ?? enter(nth)));
    for (const outcome of again) expect(['SignedIn', 'ChallengeClosed']).toContain(outcome?.__typename);
    const ids = challenges.map(({ id }) => id);
    const halves = await query<{ state: string; sessions: number }>(
      `select state, (select count(*)::int from session where challenge_id = challenge.id) as sessions
       from challenge where id = any($1)`,
      [ids],
    );
    expect(halves).toEqual(ids.map(() => ({ state: 'VERIFIED', sessions: 1 })));
  });

  test('that hangs holds a request up for ten seconds at most, and all is well by itself', async () => {
    await using _open = phone.loginRequests();
    await codeShownOn(phone, asA('Challenge', await phone.another('Watch').signIn()));
    way.blackHole();
    const laptop = phone.another('Laptop');
    const answers = await within(
      Promise.allSettled([phone.viewer(), laptop.signIn(), laptop.signIn(), stranger().signUp()]),
      'the answers',
      HELD_UP_MS,
    );
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    await way.heal();
    await isBack();
    await allWorks();
  });

  async function query<Row extends Record<string, unknown>>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query<Row>(text, [...values]);
    await client.end();
    return rows;
  }
});
