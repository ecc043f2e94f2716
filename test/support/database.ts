import { randomUUID } from 'node:crypto';
import pg, { Client } from 'pg';
import { until } from './waiting.js';

/** The migrated database that every other one is a copy of. */
export const TEMPLATE = 'doorstep_template';

type Row = Record<string, unknown>;

/** Locks that a test holds. */
export interface Held {
  /** Resolves when so many of the product's transactions wait for a lock. */
  waiters(count: number, deadlineMs?: number): Promise<void>;
  /** Lets them go on. */
  release(): Promise<void>;
}

/** A database of a test's own, and what a test may do to it behind the product's back. */
export class TestDatabase implements AsyncDisposable {
  private readonly pool: InstanceType<typeof pg.Pool>;

  private constructor(
    private readonly name: string,
    readonly url: string,
  ) {
    this.pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'test' });
    // Dropped with force, or with its server: some tests are about that.
    this.pool.on('error', () => {});
  }

  /** Copies the migrated template: about 30 ms. */
  static async create(): Promise<TestDatabase> {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    return new TestDatabase(name, await createDatabase(name, TEMPLATE));
  }

  async query<T extends Row = Row>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const { rows } = await this.pool.query<T>(text, [...values]);
    return rows;
  }

  /** The one row of a query that finds exactly one. */
  async row<T extends Row = Row>(text: string, values: readonly unknown[] = []): Promise<T> {
    const rows = await this.query<T>(text, values);
    if (rows.length !== 1 || !rows[0]) throw new Error(`expected one row, found ${rows.length}: ${text}`);
    return rows[0];
  }

  /** How many rows of a table meet a condition. */
  async count(table: string, condition = 'true', values: readonly unknown[] = []): Promise<number> {
    const { n } = await this.row<{ n: number }>(`select count(*)::int as n from ${table} where ${condition}`, values);
    return n;
  }

  /**
   * Ages rows as if so much time had gone by for them: every instant in them moves into the past.
   * @param interval as PostgreSQL reads it, such as `11 minutes`
   * @returns how many rows there were
   */
  async age(table: string, interval: string, condition = 'true', values: readonly unknown[] = []): Promise<number> {
    const columns = await this.query<{ name: string }>(
      `select column_name as name from information_schema.columns
       where table_schema = 'public' and table_name = $1 and data_type = 'timestamp with time zone'`,
      [table],
    );
    const changes = columns.map(({ name }) => `"${name}" = "${name}" - interval '${interval}'`);
    const aged = await this.query(`update ${table} set ${changes.join(', ')} where ${condition} returning 1`, values);
    return aged.length;
  }

  /**
   * Holds locks while work goes on, so that what needs them waits in the order in which it came.
   * @param statement takes the locks
   */
  async holding<T>(statement: string, values: readonly unknown[], work: (held: Held) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    const release = async () => void (await client.query('commit'));
    try {
      await client.query('begin');
      await client.query(statement, [...values]);
      return await work({ release, waiters: (count, deadlineMs) => this.waiters(count, deadlineMs) });
    } finally {
      await release();
      client.release();
    }
  }

  private async waiters(count: number, deadlineMs?: number): Promise<void> {
    await until(
      async () =>
        (await this.count('pg_stat_activity', "datname = $1 and wait_event_type = 'Lock'", [this.name])) >= count,
      `the wait of ${count} for a lock`,
      deadlineMs,
    );
  }

  /** Refuses all connections while work goes on, as if PostgreSQL were away. */
  async away<T>(work: () => Promise<T>): Promise<T> {
    await asAdmin(`alter database ${this.name} allow_connections false`);
    await asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${this.name}'`);
    try {
      return await work();
    } finally {
      await asAdmin(`alter database ${this.name} allow_connections true`);
    }
  }

  /** Everything in the database as text, that of the queue included: what a backup would hold. */
  async dump(): Promise<string> {
    const tables = await this.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const rows = await Promise.all(
      tables.map(({ name }) => this.query(`select to_jsonb(t)::text as row from ${name} t`)),
    );
    return rows.flatMap((found) => found.map(({ row }) => row)).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
    await asAdmin(`drop database if exists ${this.name} with (force)`);
  }
}

/** Creates a database on the run's PostgreSQL. @returns its URL */
export async function createDatabase(name: string, template: string | null): Promise<string> {
  await asAdmin(`create database ${name}${template ? ` template ${template}` : ''}`);
  const url = new URL(postgresUrl());
  url.pathname = name;
  return url.href;
}

async function asAdmin(statement: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function postgresUrl(): string {
  const url = process.env.TEST_POSTGRES_URL;
  if (!url) throw new Error('only projects with a store have a PostgreSQL: see jest.config.js');
  return url;
}
