import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Handset, newOwner, PASSWORD } from '../support/handset.js';
import { asA } from '../support/outcomes.js';
import { codeShownOn, letIn } from '../support/owner.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { Process } from '../support/processes.js';
import { Servers } from '../support/servers.js';
import { SPAN } from '../support/spans.js';
import { until } from '../support/waiting.js';

// What an operator sees of the database at work: its statements, as they run, as they are counted, traced and logged.

const limits = { CODE_DIGITS: 12 };

/** Goes all the way of codes. @returns what nobody but its people may read of it */
async function secretsOf(phone: Handset): Promise<string[]> {
  const laptop = phone.another('Laptop');
  const code = await codeShownOn(phone, await laptop.challenged());
  await letIn(phone, phone.another('Tablet'));
  await phone.signIn();
  return [phone.owner.email, PASSWORD, code, phone.deviceToken ?? '', phone.sessionToken ?? ''];
}

test('no statement holds an address, a hash or a token in its text', async () => {
  await using servers = await Servers.start({ limits });
  await servers.database.query('create extension pg_stat_statements');
  const phone = await servers.trusted();
  const secrets = await secretsOf(phone);
  const { password_hash: hash } = await servers.database.row<{ password_hash: string }>(
    'select password_hash from account where email = $1',
    [phone.owner.email],
  );
  const rows = await servers.database.query<{ query: string }>(
    `select query from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database()
     union all select query from pg_stat_activity where datname = current_database()`,
  );
  const seen = rows.map(({ query }) => query).join('\n');
  expect(seen).toContain('from account where email = $1');
  for (const secret of [hash, ...secrets]) expect(seen).not.toContain(secret);
});

describe('on a server that is traced, and a PostgreSQL that logs all', () => {
  const logged: string[] = [];
  let postgres: TestPostgres;
  let stores: Servers;
  let server: Process;
  let worker: Process;

  beforeAll(async () => {
    const settings = ['log_min_duration_statement=0', 'log_parameter_max_length=0'];
    [postgres, stores] = await Promise.all([
      startTestPostgres({ settings, onLine: (line) => logged.push(line) }),
      Servers.start({ count: 0, limits }),
    ]);
    const env = stores.environment({ DATABASE_URL: postgres.url });
    const tracing = path.join(import.meta.dirname, '../support/tracing.js');
    [server, worker] = await Promise.all([
      Process.server(env, { nodeOptions: ['--import', tracing] }),
      Process.worker(env),
    ]);
  });
  afterAll(async () => {
    await Promise.all([server?.kill(), worker?.kill()]);
    await stores[Symbol.asyncDispose]();
    await postgres.stop();
  });

  test('neither does a trace of OpenTelemetry, nor the log of slow statements', async () => {
    const phone = new Handset(server.client, stores.mailbox, newOwner());
    const challenge = asA('Challenge', await phone.signUp());
    asA('SignedIn', await phone.verify(challenge, await stores.mailbox.code(phone.owner.email)));
    await phone.turnOnTwoStep();
    const secrets = await secretsOf(phone);

    const traced = () => server.log.filter((line) => line.startsWith(SPAN));
    // Both were told of the last step.
    for (const lines of [traced, () => logged]) {
      await until(() => lines().some((line) => line.includes('insert into session')), 'the last statement');
      const seen = lines().join('\n');
      expect(secrets.filter((secret) => seen.includes(secret))).toEqual([]);
    }
  });
});
