import { randomBytes } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { loadConfig, type RunnableConfig } from '../../src/config/config.js';
import type { Limits } from '../../src/config/limits.js';
import { type Inbox, startInbox } from '../../src/embedded/inbox.js';
import { type App, createApp, type Parts } from '../../src/wiring/app.js';
import { Client } from './client.js';
import { TestDatabase } from './database.js';
import { Handset, newOwner } from './handset.js';
import { Mailbox } from './mailbox.js';
import { redisAvailable, startRedis } from './redis.js';
import { freePort, type Store } from './store.js';
import { within } from './waiting.js';

/** What a test starts. */
export interface ServersOptions {
  /** API servers on the same stores; 1 unless said. */
  readonly count?: number;
  /** Whether a mail worker runs along with the first; true unless said. */
  readonly worker?: boolean;
  /** Queue and bus on a Redis of their own, else on PostgreSQL. */
  readonly redis?: boolean;
  readonly limits?: Partial<Limits>;
  /** For browsers: each server at an address that its pages may use, with the mails shown at `/inbox`. */
  readonly pages?: boolean;
  /** Further settings, by the names of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

// All that tests do comes from one client network, 127.0.0.1: what is counted by network is out of the way unless a test
// is about it. Hashes cost as little as may be set.
const testLimits: Partial<Limits> = {
  CHALLENGES_PER_IP_HOUR: 1_000_000,
  OPEN_CHALLENGES_PER_IP_HOUR: 1_000_000,
  PASSWORD_FAILURES_PER_IP_HOUR: 1_000_000,
  SIGN_INS_PER_IP_HOUR: 1_000_000,
  WS_ANONYMOUS_SOCKETS_PER_IP: 1_000_000,
  HASHES_WAITING: 1000,
  ARGON2_MEMORY_KIB: 8192,
  ARGON2_PASSES: 1,
};

/** Less than jest gives a hook, so that what hangs is told by its name. */
const CLOSE_MS = 20_000;

/** The back ends of queue and bus that there are on this machine, for `describe.each`. */
export const backEnds: readonly { readonly name: string; readonly redis: boolean }[] = [
  { name: 'PostgreSQL alone', redis: false },
  ...(redisAvailable() ? [{ name: 'Redis', redis: true }] : []),
];

/** Real servers of the product over real HTTP, on a database, a mail server and, if asked for, a Redis of their own. */
export class Servers implements AsyncDisposable {
  private readonly apps: App[] = [];
  private readonly logger: Logger;
  /** Every line that the servers have logged, with nothing taken out of it. */
  readonly log: string[] = [];
  readonly mailbox: Mailbox;

  private constructor(
    private readonly options: ServersOptions,
    readonly database: TestDatabase,
    /** Null: queue and bus are on PostgreSQL. */
    readonly redis: Store | null,
    private readonly inbox: Inbox,
  ) {
    this.logger = pino({ level: 'debug' }, { write: (line: string) => void this.log.push(line) });
    this.mailbox = new Mailbox(inbox);
  }

  static async start(options: ServersOptions = {}): Promise<Servers> {
    const [database, redis, inbox] = await Promise.all([
      TestDatabase.create(),
      options.redis ? startRedis() : null,
      startInbox({ logger: pino({ level: 'silent' }) }),
    ]);
    const servers = new Servers(options, database, redis, inbox);
    try {
      for (let nth = 0; nth < (options.count ?? 1); nth += 1) {
        const parts = { api: true, worker: nth === 0 && options.worker !== false };
        if (options.pages) await servers.addWithPages(parts);
        else await servers.add(parts);
      }
    } catch (error) {
      // What was started for it would keep the run from ending.
      await servers[Symbol.asyncDispose]();
      throw error;
    }
    return servers;
  }

  /** Browsers say where a page came from, so where it is served must be known before it is. */
  private async addWithPages(parts: Parts): Promise<App> {
    const port = await freePort();
    const env = { PORT: String(port), PUBLIC_URL: `http://localhost:${port}` };
    return this.add({ ...parts, inbox: this.inbox }, env);
  }

  /** Starts one more process of the product on the same stores; what is set here counts for it alone. */
  async add(parts: Parts, env: Readonly<Record<string, string>> = {}): Promise<App> {
    const app = await createApp(this.config(env), this.logger, parts);
    this.apps.push(app);
    await app.ready;
    return app;
  }

  /** The nth process, in the order of their start. */
  app(nth = 0): App {
    const app = this.apps[nth];
    if (!app) throw new Error(`there is no process ${nth}`);
    return app;
  }

  /** A client of the nth server. */
  client(nth = 0): Client {
    const url = this.apps.map((app) => app.url).filter((candidate) => candidate !== null)[nth];
    if (!url) throw new Error(`there is no server ${nth}`);
    return new Client(url);
  }

  /** A device of somebody who has no account yet. */
  stranger(nth = 0): Handset {
    return new Handset(this.client(nth), this.mailbox, newOwner());
  }

  /** A device that has just signed up: its session is the account's only one. */
  async signedUp(nth = 0): Promise<Handset> {
    const handset = this.stranger(nth);
    const outcome = await handset.signUp();
    if (outcome.__typename !== 'Challenge') throw new Error(`not signed up: ${JSON.stringify(outcome)}`);
    const entered = await handset.verify(outcome, await this.mailbox.code(handset.owner.email));
    if (entered.__typename !== 'SignedIn') throw new Error(`not signed up: ${JSON.stringify(entered)}`);
    return handset;
  }

  /** The same with two-step verification on: the one trusted device of its account. */
  async trusted(nth = 0): Promise<Handset> {
    const handset = await this.signedUp(nth);
    await handset.turnOnTwoStep();
    return handset;
  }

  /** The environment that a process of these servers is given. */
  environment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
    const limits = Object.entries({ ...testLimits, ...this.options.limits });
    return {
      NODE_ENV: 'test',
      PORT: '0',
      PUBLIC_URL: 'http://localhost:4000',
      DATABASE_URL: this.database.url,
      ...(this.redis ? { REDIS_URL: this.redis.url } : {}),
      SMTP_URL: this.inbox.smtpUrl,
      MAIL_FROM: 'Doorstep <no-reply@doorstep.example>',
      CODE_KEYS: codeKeys,
      ...Object.fromEntries(limits.map(([name, value]) => [name, String(value)])),
      ...this.options.env,
      ...env,
    };
  }

  /** The configuration that the servers run with. */
  config(env: Readonly<Record<string, string>> = {}): RunnableConfig {
    return loadConfig(this.environment(env), ['DATABASE_URL', 'SMTP_URL', 'CODE_KEYS']) as RunnableConfig;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(Promise.all(this.apps.map((app) => app.close())), 'the end of the processes', CLOSE_MS);
    await within(this.inbox.close(), 'the end of the mail server', CLOSE_MS);
    await this.redis?.stop();
    await within(this.database[Symbol.asyncDispose](), 'the end of the database', CLOSE_MS);
  }
}

/** Made for this run: no secret is written down anywhere. */
const codeKeys = `test:${randomBytes(32).toString('base64')}`;
