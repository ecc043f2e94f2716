import { NotReady } from '../api/not-ready.js';
import type { Config } from '../config/config.js';
import { foreignKeys } from '../key-rings/key-rings.js';
import type { Database, Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';

/** Whether this process may work on its database: that has the tables, and the keys of both are the same. */
export class Readiness {
  private waitsFor: string | null = 'the tables are not there yet';

  /** From now on the database is used. */
  open(): void {
    this.waitsFor = null;
  }

  /** What the database is waited for meanwhile. */
  waitFor(what: string): void {
    this.waitsFor = what;
  }

  /** @throws NotReady */
  readonly requireOpen = (): void => {
    if (this.waitsFor !== null) throw new NotReady(this.waitsFor);
  };

  /** Resolves if the database takes writes, and the keys here are still those of the others. @throws NotReady */
  async check(db: Database, { codeKeys }: Pick<Config, 'codeKeys'>): Promise<void> {
    this.requireOpen();
    const [isReadOnly, foreign] = await db.together((connection) =>
      Promise.all([readsOnly(connection), foreignKeys(connection, 'CODE_KEYS', codeKeys)]),
    );
    if (isReadOnly) throw new NotReady('the database is read-only');
    if (foreign.length > 0) {
      const ids = foreign.map(({ id }) => `'${id}'`).join(', ');
      throw new NotReady(`CODE_KEYS has other keys under ${ids} than the other processes have`);
    }
  }
}

async function readsOnly(db: Sql): Promise<boolean> {
  const row = await rowOf<{ readOnly: boolean }>(
    db,
    sql`select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as "readOnly"`,
  );
  return row?.readOnly ?? true;
}
