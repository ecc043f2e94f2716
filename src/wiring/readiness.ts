import { NotReady } from '../api/not-ready.js';
import type { Config } from '../config/config.js';
import { foreignKeys } from '../key-rings/key-rings.js';
import { isReadOnly } from '../postgres/read-only.js';
import type { Database } from '../sql/database.js';

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
    const [, foreign] = await Promise.all([db.requireWritable(), foreignKeys(db, 'CODE_KEYS', codeKeys)]).catch(
      (error) => {
        throw isReadOnly(error) ? new NotReady('the database is read-only') : error;
      },
    );
    if (foreign.length > 0) {
      const ids = foreign.map(({ id }) => `'${id}'`).join(', ');
      throw new NotReady(`CODE_KEYS has other keys under ${ids} than the other processes have`);
    }
  }
}
