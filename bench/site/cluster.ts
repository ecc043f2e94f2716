import { startTestPostgres } from '../../test/support/postgres.js';
import type { Store } from '../../test/support/store.js';
import { Database } from './database.js';

const measuringSettings = ['track_commit_timestamp=on', 'pg_stat_statements.max=20000', 'max_connections=200'];

/** The PostgreSQL of a run: as it comes, but for what is needed to measure it. */
export class Cluster implements AsyncDisposable {
  private listeners: ((line: string) => void)[] = [];
  private databases = 0;

  private constructor(
    private readonly store: Store,
    private readonly admin: Database,
    /** What it has besides its defaults, as `name=value`. */
    readonly settings: readonly string[],
  ) {}

  /** @param more settings besides those that measuring needs */
  static async start(more: readonly string[] = []): Promise<Cluster> {
    let tell = (_line: string) => {};
    const settings = [...measuringSettings, ...more];
    const store = await startTestPostgres({
      fsync: true,
      settings,
      onLine: (line) => tell(line),
    });
    const cluster = new Cluster(store, new Database(store.url), settings);
    tell = (line) => {
      for (const listener of cluster.listeners) listener(line);
    };
    // Statements are counted by user. Superusers, since an API server makes the tables that both use.
    await cluster.admin.query('create role bench_server superuser login');
    await cluster.admin.query('create role bench_worker superuser login');
    return cluster;
  }

  /** Of its first process, whose children serve the connections. */
  get pid(): number {
    return this.store.pid;
  }

  /** The version, as in 18.4. */
  async version(): Promise<string> {
    const [row] = await this.admin.query<{ server_version: string }>('show server_version');
    return row?.server_version ?? '';
  }

  /** An empty database. */
  async createDatabase(): Promise<Database> {
    this.databases += 1;
    const name = `bench_${this.databases}`;
    await this.admin.query(`create database ${name}`);
    const url = new URL(this.store.url);
    url.pathname = name;
    const database = new Database(url.href);
    await database.query('create extension pg_stat_statements');
    return database;
  }

  /** Is told each line that PostgreSQL logs. @returns call it to be told no more */
  onLine(listener: (line: string) => void): () => void {
    this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((candidate) => candidate !== listener);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin[Symbol.asyncDispose]();
    await this.store.stop();
  }
}
