import { connect } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { type Answer, Client, type Sender } from '../support/client.js';
import { Handset } from '../support/handset.js';
import { MoodyMailServer } from '../support/moody-mail-server.js';
import { asA } from '../support/outcomes.js';
import { Process } from '../support/processes.js';
import { backEnds, Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

/** What is promised; a process gives up by itself a little earlier. */
const STOP_MS = 10_000;

describe('a process that is told to stop', () => {
  test('answers the request under way, sends its sockets elsewhere with 1001, takes nothing new, and exits with 0', async () => {
    await using servers = await Servers.start();
    await using server = await Process.server(servers.environment());
    const phone = (await servers.trusted()).twin(server.client);
    await using requests = phone.loginRequests();
    await phone.another('Laptop').challenged();
    await requests.next();
    const account = 'select 1 from account where email = $1 for update';
    const stopped = await servers.database.holding(account, [phone.owner.email], async (held) => {
      const entering = phone.signIn();
      await held.waiters(1);
      const stopping = server.terminate();
      expect(await requests.closed()).toMatchObject({ code: 1001 });
      await until(() => phone.viewer().then(() => false, isUnanswered), 'the closed port');
      await held.release();
      asA('SignedIn', await entering);
      return stopping;
    });
    expect(stopped).toMatchObject({ code: 0, signal: null });
    expect(stopped.afterMs).toBeLessThan(STOP_MS);
  });

  test('does not wait for clients that never end a request or never read an answer, and exits with 0', async () => {
    await using servers = await Servers.start({ count: 0 });
    await using server = await Process.server(servers.environment());
    using clients = new DisposableStack();
    const headers = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\n';
    clients.use(await stalled(server, headers));
    clients.use(await stalled(server, `${headers}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`));
    // Far more than the buffers of a connection hold.
    clients.use(await stalled(server, 'GET /playground/graphiql.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50)));
    // What comes after them is answered: the server has them.
    await fetch(`${server.url}/readyz`);
    const { code, afterMs } = await server.terminate();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(STOP_MS);
  });

  test.each(backEnds)('finishes the mail under way and takes up no other, on $name', async ({ redis }) => {
    await using mailServer = await MoodyMailServer.start();
    await using servers = await Servers.start({ redis, worker: false, env: { SMTP_URL: mailServer.url } });
    await using worker = await Process.worker(servers.environment());
    mailServer.shut();
    asA('Challenge', await servers.stranger().signUp());
    await until(() => servers.database.count('delivery', 'claimed_until is not null'), 'the send');
    const stopping = worker.terminate();
    await worker.logged('stopping');
    asA('Challenge', await servers.stranger().signUp());
    mailServer.open();
    const { code, afterMs } = await stopping;
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(STOP_MS);
    const states = await servers.database.query('select state, attempts from delivery order by created_at');
    expect(states).toEqual([
      { state: 'SENT', attempts: 1 },
      { state: 'QUEUED', attempts: 0 },
    ]);
  });

  // Tells the moment from which on a signal is heard: the product's own modules have yet to be loaded.
  const tellWhenItHears = `data:text/javascript,process.on('newListener', (name) => {
    if (name === 'SIGTERM') process.stdout.write('hears SIGTERM%5Cn');
  })`;

  test.each(['server', 'worker'] as const)('exits with 0 even while it starts: a %s', async (program) => {
    await using servers = await Servers.start({ count: 0 });
    await using process = await Process.launch(program, servers.environment(), {
      nodeOptions: ['--import', tellWhenItHears],
    });
    await process.logged('hears SIGTERM');
    expect(await process.terminate()).toMatchObject({ code: 0, signal: null });
  });
});

/** A client that has sent this, sends nothing more and reads nothing. */
async function stalled(server: Process, text: string): Promise<Disposable> {
  const { hostname, port } = new URL(server.url);
  const connection = connect(Number(port), hostname).pause();
  connection.on('error', () => {});
  await new Promise((resolve) => connection.write(text, resolve));
  return { [Symbol.dispose]: () => connection.destroy() };
}

/** Whether there was no answer at all: the connection was refused, or cut. */
function isUnanswered(error: unknown): boolean {
  return (error as Error).message === 'fetch failed';
}

/** Spreads requests over servers that come and go, and asks the next one where no answer comes, as balancers do. */
class Balanced extends Client {
  private nth = 0;
  retries = 0;

  constructor(private readonly servers: readonly Process[]) {
    super('http://nowhere.invalid');
  }

  override async graphql<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    sender: Sender = {},
  ): Promise<Answer<T>> {
    for (let tries = 1; ; tries += 1) {
      this.nth += 1;
      const server = this.servers[this.nth % this.servers.length] as Process;
      try {
        return await server.client.graphql<T>(query, variables, sender);
      } catch (error) {
        // What was answered is never asked again.
        if (!isUnanswered(error) || tries > this.servers.length) throw error;
        this.retries += 1;
      }
    }
  }
}

test('three servers replaced one by one under load fail no sign-in', async () => {
  await using servers = await Servers.start();
  await using processes = new AsyncDisposableStack();
  const start = async () => processes.use(await Process.server(servers.environment()));
  const behind = await Promise.all([start(), start(), start()]);
  const successors = await Promise.all([start(), start(), start()]);
  const balanced = new Balanced(behind);
  const phones = await Promise.all([1, 2, 3].map(() => servers.trusted()));
  let isOver = false;
  let entered = 0;
  const comeAndGo = async (phone: Handset) => {
    while (!isOver) {
      asA('SignedIn', await phone.signIn());
      entered += 1;
      expect(await phone.viewer()).not.toBeNull();
      await phone.signOut();
    }
  };
  const coming = Promise.all(phones.map((phone) => comeAndGo(phone.twin(balanced))));
  // Told by the await at the end, however early it fails.
  coming.catch(() => undefined);
  for (const nth of [0, 1, 2]) {
    const before = entered;
    await until(() => entered > before + 10, 'sign-ins');
    const old = behind[nth] as Process;
    // The old one stays listed until it is gone: that it is on its way out shows when it refuses.
    const { code, afterMs } = await old.terminate();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(STOP_MS);
    behind[nth] = successors[nth] as Process;
  }
  isOver = true;
  await coming;
  expect(entered).toBeGreaterThan(30);
});
