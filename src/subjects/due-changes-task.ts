import type { Logger } from 'pino';
import { accountsWithDueChanges } from '../accounts/held-changes.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import type { DueChanges } from './due-changes.js';

const EVERY_SECONDS = 60;
/** So many accounts are read at a time. */
const BATCH = 100;
/** After so many that failed one after the other it is not them: the next look goes on behind them. */
const FAILURES_MOST = 3;

/**
 * Brings into force what has waited long enough, once a minute. A look costs one statement, together with what else is due
 * then; rows decide, so any number of servers may be at it.
 */
export class DueChangesTask {
  private running: Promise<void> | null = null;
  /** The account that was looked at last; null: the next is the first. */
  private last: string | null = null;

  constructor(
    private readonly due: DueChanges,
    private readonly db: Sql,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(pulse: Pulse): void {
    pulse.add({
      what: 'subjects: what is due cannot be read',
      everySeconds: EVERY_SECONDS,
      isIdle: () => this.running !== null,
      run: async (db) => {
        const [first] = await accountsWithDueChanges(db, 1);
        // What else repeats does not wait for it.
        if (first !== undefined) this.run();
      },
    });
  }

  private run(): void {
    this.running = this.applyAll()
      .catch((error) => this.logger.warn({ err: error }, 'subjects: what is due cannot be brought into force now'))
      .finally(() => {
        this.running = null;
      });
  }

  /** All that is due now, from where the last look ended: whatever fails holds up nobody behind it. */
  async applyAll(): Promise<void> {
    for (let failures = 0; failures < FAILURES_MOST; ) {
      const accountIds = await accountsWithDueChanges(this.db, BATCH, this.last);
      for (const accountId of accountIds) {
        failures = (await this.isApplied(accountId)) ? 0 : failures + 1;
        this.last = accountId;
        if (failures >= FAILURES_MOST) return;
      }
      if (accountIds.length < BATCH) {
        this.last = null;
        return;
      }
    }
  }

  private async isApplied(accountId: string): Promise<boolean> {
    try {
      await this.due.applyTo(accountId);
      return true;
    } catch (error) {
      this.logger.warn({ err: error, accountId }, 'subjects: what is due cannot be brought into force now');
      return false;
    }
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    await this.running;
  }
}
