import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { FaultProxy } from '../support/fault-proxy.js';
import { MoodyMailServer } from '../support/moody-mail-server.js';
import { startTestPostgres } from '../support/postgres.js';
import { Process } from '../support/processes.js';
import { startRedis } from '../support/redis.js';
import type { Store } from '../support/store.js';
import { until } from '../support/waiting.js';
import type { Exit, Recorder } from './history.js';
import { openLedger, readLedger } from './ledger.js';
import type { Tables } from './tables.js';

/** How long a claim may stand still before it counts as that of a worker that is gone. */
const CLAIM_STANDS_MS = 3_000;
/** On a machine that is busy with other things too. */
const READY_MS = 180_000;
const LOW_PORTS = { from: 20_000, to: 32_000 };
/** Lines of its log that are kept of a process which ended. */
const LAST_WORDS = 12;
const SETTLE_MS = 120_000;

/** Seconds that a session may go unused, and between two looks at a socket's session. */
export const UNUSED_SESSION_SECONDS = 60;
export const RECHECK_SECONDS = 3;

/**
 * Everything comes from one address and goes faster than any person: what counts such things is out of the way, and pauses
 * are short. What bounds guessing stays as it is.
 */
const limits = {
  CHALLENGES_PER_IP_HOUR: 1_000_000,
  OPEN_CHALLENGES_PER_IP_HOUR: 1_000_000,
  CHALLENGES_PER_ACCOUNT_HOUR: 10_000,
  PASSWORD_FAILURES_FREE: 100,
  PASSWORD_FAILURES_PER_IP_HOUR: 1_000_000,
  PASSWORD_FAILURES_PER_ADDRESS_HOUR: 1_000_000,
  SIGN_INS_PER_IP_HOUR: 1_000_000,
  SIGN_INS_PER_ACCOUNT_HOUR: 1_000_000,
  SESSIONS_PER_DEVICE: 1000,
  SESSIONS_PER_ACCOUNT: 10_000,
  NEW_DEVICE_NOTICES_HOUR: 1000,
  MAILS_PER_ADDRESS_HOUR: 1000,
  OPEN_MAILS_PER_ADDRESS_HOUR: 1000,
  OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 1000,
  WS_ANONYMOUS_SOCKETS_PER_IP: 1_000_000,
  TRUSTED_DEVICES: 1000,
  DEVICES: 10_000,
  PROMPTS_UNANSWERED: 1000,
  RESEND_SECONDS: 1,
  ACCOUNT_PAUSE_SECONDS: 1,
  RESET_HOLD_HOURS: 0,
  CHALLENGE_SECONDS: 45,
  UNUSED_SESSION_SECONDS,
  SMTP_GREETING_SECONDS: 10,
  SMTP_ENVELOPE_SECONDS: 20,
  SMTP_DATA_SECONDS: 30,
  WS_RECHECK_SECONDS: RECHECK_SECONDS,
  HASHES_WAITING: 1000,
  ARGON2_MEMORY_KIB: 8192,
  ARGON2_PASSES: 1,
};

/** A place that a process fills, and another after it. */
export interface Post {
  readonly name: string;
  readonly port: number;
  process: Process;
}

/** Three API servers and two workers on one PostgreSQL and, if asked for, one Redis, with a proxy in front of each store. */
export class Site implements AsyncDisposable {
  readonly servers: Post[] = [];
  readonly workers: Post[] = [];
  private started: AsyncDisposableStack | null = null;

  private constructor(
    private readonly recorder: Recorder,
    readonly postgres: Store,
    readonly redis: Store | null,
    readonly mailServer: MoodyMailServer,
    readonly proxies: { readonly postgres: FaultProxy; readonly redis: FaultProxy | null; readonly mail: FaultProxy },
    private readonly codeKeys: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(recorder: Recorder, withRedis: boolean): Promise<Site> {
    await using started = new AsyncDisposableStack();
    const postgres = started.adopt(await startTestPostgres(), (store) => store.stop());
    const redis = withRedis ? started.adopt(await startRedis(), (store) => store.stop()) : null;
    const mailServer = started.use(await MoodyMailServer.start());
    const proxies = {
      postgres: started.use(await FaultProxy.start(postgres.url)),
      redis: redis && started.use(await FaultProxy.start(redis.url)),
      mail: started.use(await FaultProxy.start(mailServer.url)),
    };
    const codeKeys = `chaos:${randomBytes(32).toString('base64')}`;
    const env = {
      NODE_ENV: 'test',
      PUBLIC_URL: 'http://localhost:4000',
      DATABASE_URL: proxies.postgres.url,
      ...(proxies.redis ? { REDIS_URL: proxies.redis.url } : {}),
      SMTP_URL: proxies.mail.url,
      MAIL_FROM: 'Doorstep <no-reply@doorstep.example>',
      CODE_KEYS: codeKeys,
      ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)])),
    };
    const site = new Site(recorder, postgres, redis, mailServer, proxies, codeKeys, env);
    started.defer(async () => void (await Promise.all(site.posts.map(({ process }) => process.kill()))));
    for (const name of ['server 1', 'server 2', 'server 3']) site.servers.push(await site.open(name));
    await Promise.all(site.posts.map(ready));
    for (const name of ['worker 1', 'worker 2']) site.workers.push(await site.open(name));
    await Promise.all(site.posts.map(ready));
    await site.withDatabase((client) => openLedger(client));
    site.started = started.move();
    return site;
  }

  get posts(): readonly Post[] {
    return [...this.servers, ...this.workers];
  }

  private async open(name: string): Promise<Post> {
    const port = await lowPort();
    return { name, port, process: await this.launch(name, port) };
  }

  private launch(name: string, port: number): Promise<Process> {
    const program = name.startsWith('server') ? 'server' : 'worker';
    return Process.launch(program, { ...this.env, PORT: String(port) });
  }

  /** Starts a process again that has ended; it takes a moment until it serves. */
  async reopen(post: Post): Promise<void> {
    post.process = await this.launch(post.name, post.port);
  }

  /** Tells a process that serves to stop, and starts the next one in its place. */
  async replace(post: Post): Promise<void> {
    await ready(post);
    const wasAsked = !post.process.hasEnded;
    const at = Date.now();
    const { code, afterMs } = await post.process.terminate().catch(async () => {
      await post.process.kill();
      return { code: null, afterMs: Date.now() - at };
    });
    this.note(post, { at, wasAsked, code, afterMs });
    await this.reopen(post);
  }

  private note({ name, process: { log } }: Post, exit: Pick<Exit, 'at' | 'wasAsked' | 'code' | 'afterMs'>): void {
    this.recorder.exits.push({ process: name, ...exit, lastWords: log.slice(-LAST_WORDS).join('\n') });
  }

  /** Repairs all that was broken, and waits until everything runs. */
  async heal(): Promise<void> {
    this.mailServer.open();
    for (const post of this.posts) {
      post.process.resume();
      if (!post.process.hasEnded) continue;
      this.note(post, { at: Date.now(), wasAsked: false, code: null, afterMs: 0 });
      await this.reopen(post);
    }
    await Promise.all([this.proxies.postgres.heal(), this.proxies.redis?.heal(), this.proxies.mail.heal()]);
    await Promise.all(this.posts.map(ready));
  }

  /** Does something to the database past the proxy. */
  async withDatabase<T>(work: (client: InstanceType<typeof Client>) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.postgres.url });
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /**
   * Resolves when every mail has left or was given up. Pauses and the claims of workers that are gone are aged, as if
   * their time had passed.
   */
  async settle(): Promise<void> {
    const standing = new Map<string, number>();
    await this.withDatabase((client) =>
      until(
        async () => {
          await client.query(
            `update delivery set next_attempt_at = clock_timestamp()
             where state = 'RETRYING' and next_attempt_at > clock_timestamp() and claimed_until is null`,
          );
          const { rows } = await client.query<{ id: string; attempts: number; claimed: boolean }>(
            `select id, attempts, claimed_until is not null as claimed from delivery
             where method = 'EMAIL' and state in ('QUEUED', 'RETRYING') and not is_withheld`,
          );
          for (const { id, attempts } of rows.filter(({ claimed }) => claimed)) {
            const key = `${id} ${attempts}`;
            const since = standing.get(key) ?? Date.now();
            standing.set(key, since);
            if (Date.now() - since < CLAIM_STANDS_MS) continue;
            await client.query(
              `update delivery set claimed_until = clock_timestamp() where id = $1 and attempts = $2`,
              [id, attempts],
            );
          }
          await sleep(200);
          return rows.length === 0;
        },
        'the last mail',
        SETTLE_MS,
      ).catch(() => undefined),
    );
  }

  readTables(): Promise<Tables> {
    return this.withDatabase((client) => readLedger(client, this.codeKeys));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.started?.disposeAsync();
  }
}

/** Waits until a process serves, on a busy machine too. */
async function ready({ name, process }: Post): Promise<void> {
  await until(
    () =>
      process.hasEnded ||
      process.ready().then(
        () => true,
        () => false,
      ),
    `the start of ${name}`,
    READY_MS,
  );
}

/**
 * A free port from below those that systems give to outgoing connections: one of those could take it while the process
 * that listens on it is away.
 */
async function lowPort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOW_PORTS.from, LOW_PORTS.to);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
}
