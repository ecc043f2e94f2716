import { NotReady } from '../api/not-ready.js';
import type { Config } from '../config/config.js';
import { type ForeignKey, foreignKeys, ringsOf } from '../key-rings/key-rings.js';
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
  async check(db: Database, config: Pick<Config, 'codeKeys' | 'signingKeys' | 'vapidKeys'>): Promise<void> {
    this.requireOpen();
    const rings = ringsOf(config).map(async ({ ring, keys }) => ({ ring, foreign: await foreignKeys(db, ring, keys) }));
    const [, ...looked] = await Promise.all([db.requireWritable(), ...rings]).catch((error) => {
      throw isReadOnly(error) ? new NotReady('the database is read-only') : error;
    });
    for (const { ring, foreign } of looked) {
      if (foreign.length > 0)
        throw new NotReady(`${ring} has other keys under ${idsOf(foreign)} than the other processes have`);
    }
  }
}

function idsOf(keys: readonly ForeignKey[]): string {
  return keys.map(({ id }) => `'${id}'`).join(', ');
}
