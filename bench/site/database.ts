import pg from 'pg';

type Row = Record<string, unknown>;

/** A database of the benchmark, as its superuser sees it. */
export class Database implements AsyncDisposable {
  private readonly pool: InstanceType<typeof pg.Pool>;

  /** @param url as the superuser `postgres` */
  constructor(readonly url: string) {
    // One connection: what it sets counts for what comes after.
    this.pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'bench' });
  }

  async query<T extends object = Row>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const { rows } = await this.pool.query(text, [...values]);
    return rows as T[];
  }

  /** The same database for another user of PostgreSQL. */
  urlFor(user: string): string {
    const url = new URL(this.url);
    url.username = user;
    return url.href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
  }
}
