import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { FaultProxy } from '../support/fault-proxy.js';
import { Handset, newOwner } from '../support/handset.js';
import { asA } from '../support/outcomes.js';
import { codeShownOn } from '../support/owner.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { Process } from '../support/processes.js';
import { Servers } from '../support/servers.js';
import { freePort } from '../support/store.js';
import { until } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(120_000);

/** More than a pool has connections, so that each of them is used. */
const AT_ONCE = 24;

describe('a PostgreSQL that takes no writes', () => {
  let stores: Servers;
  let primary: TestPostgres;
  let standby: TestPostgres;
  let way: FaultProxy;
  let server: Process;
  let worker: Process;
  let workerUrl: string;
  let phone: Handset;

  beforeAll(async () => {
    [stores, primary] = await Promise.all([Servers.start({ count: 0 }), startTestPostgres()]);
    standby = await startTestPostgres({ standbyOf: primary });
    way = await FaultProxy.start(primary.url);
    const workerPort = String(await freePort());
    workerUrl = `http://127.0.0.1:${workerPort}`;
    const env = stores.environment({ DATABASE_URL: way.url, WORKER_PORT: workerPort });
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
    await standby.stop();
    await primary.stop();
  });
  afterEach(async () => {
    await sql(primary, 'begin read write; alter database postgres reset default_transaction_read_only; commit');
    await sql(primary, 'alter system reset default_transaction_read_only');
    await sql(primary, 'select pg_reload_conf()');
  });

  const stranger = () => new Handset(server.client, stores.mailbox, newOwner());

  async function sql(postgres: TestPostgres, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      const { rows } = await client.query(text);
      return rows;
    } finally {
      await client.end();
    }
  }

  async function readiness(url: string): Promise<string> {
    const answer = await fetch(`${url}/readyz`);
    const { reason } = (await answer.json()) as { reason?: string };
    return reason ?? String(answer.status);
  }

  const isSaid = (said: string) =>
    until(async () => {
      const all = await Promise.all([readiness(server.url), readiness(workerUrl)]);
      return all.every((each) => each === said);
    }, `'${said}' from both`);

  /** Sign-ups at once, each of which writes. @returns how many were not taken */
  async function refused(): Promise<number> {
    const outcomes = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => stranger().signUp()));
    return outcomes.filter(({ status }) => status === 'rejected').length;
  }

  /** Writes over every connection, live codes over the bus, mails by the worker: and none of it fails once. */
  async function allWorks(): Promise<void> {
    expect(await refused()).toBe(0);
    const laptop = phone.another('Laptop');
    const challenge = asA('Challenge', await laptop.signIn());
    await codeShownOn(phone, challenge);
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    asA('SignedIn', await laptop.verify(challenge, await stores.mailbox.code(phone.owner.email)));
  }

  test('since connections landed on a standby: nothing is ready, and nothing stays there when the way leads back', async () => {
    way.lead(standby.url);
    way.cut();
    await refused();
    await isSaid('the database is read-only');
    // From now on new connections reach the primary; those that stand are cut by nobody.
    way.lead(primary.url);
    await isSaid('200');
    await allWorks();
    await until(async () => {
      const held = await sql(standby, "select 1 from pg_stat_activity where backend_type = 'client backend'");
      return held.length === 1;
    }, 'no connection of the product to the standby');
  });

  test('because some connections landed where it is so: none of them is used once new ones may write', async () => {
    await sql(primary, 'alter database postgres set default_transaction_read_only = on');
    // New connections are opened beside those from before, which write on.
    await sql(
      primary,
      `select pg_terminate_backend(pid) from (
      select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
      order by backend_start desc offset 1) cut`,
    );
    expect(await refused()).toBeGreaterThan(0);
    await isSaid('the database is read-only');
    await sql(primary, 'begin read write; alter database postgres reset default_transaction_read_only; commit');
    await isSaid('200');
    await allWorks();
  });

  test('because it was told so while connections stood', async () => {
    await allWorks();
    await sql(primary, 'alter system set default_transaction_read_only = on');
    await sql(primary, 'select pg_reload_conf()');
    await isSaid('the database is read-only');
    expect(await refused()).toBe(AT_ONCE);
    await sql(primary, 'alter system reset default_transaction_read_only');
    await sql(primary, 'select pg_reload_conf()');
    await isSaid('200');
    await allWorks();
  });

  test('and becomes the primary', async () => {
    way.lead(standby.url);
    way.cut();
    await isSaid('the database is read-only');
    await sql(standby, 'select pg_promote()');
    await isSaid('200');
    await allWorks();
  });
});
