import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { redisAvailable, startRedis } from '../../test/support/redis.js';
import type { Cluster } from './cluster.js';
import { copyPeople } from './copies.js';
import type { Database } from './database.js';
import { signUpFirst } from './first-account.js';
import { Mail } from './mail.js';
import { Program } from './program.js';

/** Where queue and events are. */
export type StoreName = 'Redis' | 'PostgreSQL alone';

/** The stores that there are on this machine. */
export const storesHere: readonly [StoreName, ...StoreName[]] = redisAvailable()
  ? ['Redis', 'PostgreSQL alone']
  : ['PostgreSQL alone'];

/** What a measurement needs. */
export interface SiteOptions {
  /** The folder whose `dist/` is measured. */
  readonly project: string;
  readonly store: StoreName;
  /** API servers; 1 unless said. */
  readonly servers?: number;
  /** Whether a hash costs as little as may be set: where it is not what is measured. */
  readonly cheapHashes?: boolean;
  /** What else is set. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What has to be out of the way of a load that comes from one address, on few accounts. */
export const loadSettings: Readonly<Record<string, string>> = {
  CHALLENGES_PER_ACCOUNT_HOUR: '10000',
  CHALLENGES_PER_IP_HOUR: '1000000',
  OPEN_CHALLENGES_PER_IP_HOUR: '1000000',
  PASSWORD_FAILURES_PER_ADDRESS_HOUR: '1000000',
  SIGN_INS_PER_ACCOUNT_HOUR: '1000000',
  SIGN_INS_PER_IP_HOUR: '1000000',
  CHALLENGE_SENDS: '20',
  RESEND_SECONDS: '1',
  PROMPTS_UNANSWERED: '1000',
  WS_ANONYMOUS_SOCKETS_PER_IP: '1000000',
};

export const cheapHashSettings: Readonly<Record<string, string>> = { ARGON2_MEMORY_KIB: '8192', ARGON2_PASSES: '1' };

/** The operator's command line of a checkout. */
function adminOf(project: string): string {
  return path.join(project, 'dist', 'admin.js');
}

/** Whether products' backends can ask a checkout at all. */
export function hasBackends(project: string): boolean {
  return existsSync(adminOf(project));
}

/** A Doorstep as it is run in production, each part in a process of its own, on a database with copied accounts. */
export class Site implements AsyncDisposable {
  /** API servers, in the order of their start. */
  readonly servers: Program[] = [];
  worker: Program | null = null;
  /** Whose copies all other accounts are. */
  private firstEmail: string | null = null;
  private readonly parts = new AsyncDisposableStack();

  private constructor(
    private readonly options: SiteOptions,
    readonly cluster: Cluster,
    readonly database: Database,
    readonly mail: Mail,
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(cluster: Cluster, options: SiteOptions): Promise<Site> {
    await using parts = new AsyncDisposableStack();
    const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-bench-'));
    parts.defer(() => rmSync(folder, { recursive: true, force: true }));
    const database = parts.use(await cluster.createDatabase());
    const { mail, url: smtpUrl } = await Mail.start();
    parts.use(mail);
    const redis = options.store === 'Redis' ? await startRedis() : null;
    if (redis) parts.defer(() => redis.stop());
    const site = new Site(options, cluster, database, mail, folder, {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://doorstep.example',
      MAIL_FROM: 'Doorstep <no-reply@doorstep.example>',
      SMTP_URL: smtpUrl,
      CODE_KEYS: `bench:${randomBytes(32).toString('base64')}`,
      // Where compiled code is kept between two starts.
      HOME: folder,
      TMPDIR: folder,
      ...(redis ? { REDIS_URL: redis.url } : {}),
      ...loadSettings,
      ...(options.cheapHashes ? cheapHashSettings : {}),
      ...options.env,
    });
    site.parts.use(parts.move());
    try {
      for (let nth = 0; nth < (options.servers ?? 1); nth += 1) await site.addServer();
      await site.startWorker();
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
    return site;
  }

  /** The nth API server. */
  server(nth = 0): Program {
    const server = this.servers[nth];
    if (!server) throw new Error(`there is no server ${nth}`);
    return server;
  }

  /** Starts one more API server, on the database as it is. */
  async addServer(): Promise<Program> {
    const server = await Program.start('server', this.options.project, this.folder, this.envFor('bench_server'));
    this.servers.push(server);
    return server;
  }

  /** Stops an API server. */
  async stopServer(server: Program): Promise<void> {
    this.servers.splice(this.servers.indexOf(server), 1);
    await server[Symbol.asyncDispose]();
  }

  /** Stops every process of the product and starts it again, as after a change of PostgreSQL's settings. */
  async restart(): Promise<void> {
    const count = this.servers.length;
    await this.stopPrograms();
    for (let nth = 0; nth < count; nth += 1) await this.addServer();
    await this.startWorker();
  }

  /** The account that all others are copies of; the first call signs it up. @returns its address */
  async first(): Promise<string> {
    this.firstEmail ??= await signUpFirst(this.server().graphqlUrl, this.mail);
    return this.firstEmail;
  }

  /** Makes the accounts 0 to `count - 1`. */
  async copyPeople(count: number): Promise<void> {
    await copyPeople(this.database, await this.first(), { from: 0, to: count - 1 });
    await this.database.query('vacuum analyze');
  }

  /** Adds a product's backend, as an operator does. @returns its key */
  async addBackend(): Promise<string> {
    const args = ['client', 'add', 'bench', '--scopes', 'check,events', '--own-accounts', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [adminOf(this.options.project), ...args], {
      cwd: this.options.project,
      env: this.envFor('postgres'),
    });
    return (JSON.parse(stdout) as { readonly key: string }).key;
  }

  /** Where its stores are, for whoever does as the product does. */
  get stores(): { readonly databaseUrl: string; readonly redisUrl: string | null; readonly redisPrefix: string } {
    return {
      databaseUrl: this.database.urlFor('postgres'),
      redisUrl: this.env.REDIS_URL ?? null,
      redisPrefix: 'doorstep',
    };
  }

  /** What went wrong in the processes, as they have logged it. */
  get faults(): string[] {
    return [...this.servers, ...(this.worker ? [this.worker] : [])].flatMap(({ faults }) => faults);
  }

  private async startWorker(): Promise<void> {
    this.worker = await Program.start('worker', this.options.project, this.folder, this.envFor('bench_worker'));
  }

  private envFor(user: string): Record<string, string> {
    return { ...this.env, DATABASE_URL: this.database.urlFor(user) };
  }

  private async stopPrograms(): Promise<void> {
    const programs = [...this.servers.splice(0), ...(this.worker ? [this.worker] : [])];
    this.worker = null;
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopPrograms();
    await this.parts.disposeAsync();
  }
}
