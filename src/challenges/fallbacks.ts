import type { Logger } from 'pino';
import { lockAccount } from '../accounts/accounts.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, constant, type Fragment, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { ChallengeRow } from './challenge.entity.js';
import { isOpen } from './challenge-rules.js';
import { type ChallengeSends, unprovenFor } from './challenge-sends.js';
import { countSend } from './challenge-states.js';

const EVERY_SECONDS = 2;
/** In one go; the others have their turn two seconds later. */
const MOST = 100;

/** What goes by mail. */
type Unseen = Pick<ChallengeRow, 'id' | 'accountId'>;

/** Mails codes that nobody has seen on a device for `FALLBACK_SECONDS`. */
export class Fallbacks {
  /** The last one of a look that did not reach the end; the next goes on behind it. */
  private lastId: string | null = null;
  private mailing: Promise<void> | null = null;

  constructor(
    private readonly transactions: Transactions,
    private readonly sends: ChallengeSends,
    private readonly limits: Limits,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Looks for such codes again and again; any number of servers may do so at once. */
  start(pulse: Pick<Pulse, 'add'>): void {
    pulse.add({
      what: 'codes that nobody has seen cannot be mailed',
      everySeconds: EVERY_SECONDS,
      isIdle: () => this.limits.FALLBACK_SECONDS === 0 || this.mailing !== null,
      run: async (db) => {
        const found = await this.find(db);
        // What else repeats does not wait for it: each of them may wait for its account.
        if (found.length > 0) this.mailAll(found);
      },
    });
  }

  private mailAll(found: readonly Unseen[]): void {
    const mail = async () => {
      for (const unseen of found) await this.transactions.run((tx) => this.mail(tx, unseen));
    };
    this.mailing = mail()
      .catch((error) => this.logger.warn({ err: error }, 'codes that nobody has seen cannot be mailed now'))
      .finally(() => {
        this.mailing = null;
      });
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    await this.mailing;
  }

  /** Those that may not be mailed stay: nobody's must wait behind them, so each look goes on where the last one ended. */
  private async find(db: Sql): Promise<Unseen[]> {
    const found = await rowsOf<Unseen>(
      db,
      sql`select ${columns(ChallengeRow, 'c', ['id', 'accountId'])} from challenge c
          where ${this.isUnseen()} and (${this.lastId}::uuid is null
            or (c.created_at, c.id) > (select l.created_at, l.id from challenge l where l.id = ${this.lastId}))
          order by c.created_at, c.id limit ${MOST}`,
    );
    this.lastId = found.length < MOST ? null : (found.at(-1)?.id ?? null);
    return found;
  }

  /**
   * Of a challenge `c`: its code went to the app alone, long ago, and no device has said that it shows it. By mail it goes
   * once: who asked for it by mail before has it.
   */
  private isUnseen(): Fragment {
    return sql`${isOpen('c')} and c.purpose = 'SIGN_IN' and c.method = 'APP' and not c.mail_held
      and c.last_mail_send_at is null and c.sends < ${constant(this.limits.CHALLENGE_SENDS)}
      and c.created_at <= clock_timestamp() - make_interval(secs => ${constant(this.limits.FALLBACK_SECONDS)})
      and not exists (select from display di where di.challenge_id = c.id and di.seen_at is not null)`;
  }

  /** As if whoever signs in had asked for it. The account first, then the challenge, behind whose lock it is looked at again. */
  private async mail(tx: Tx, { id, accountId }: Unseen): Promise<void> {
    const account = accountId ? await lockAccount(tx, accountId, null) : null;
    const challenge = await rowOf<ChallengeRow>(
      tx,
      sql`select ${columns(ChallengeRow, 'c')} from challenge c
          where c.id = ${id} and ${this.isUnseen()} and c.epoch = ${account?.epoch ?? null} for no key update`,
    );
    if (!challenge) return;
    const mailed = { ...challenge, method: 'EMAIL', unprovenFor: unprovenFor(account, challenge.purpose) } as const;
    if (await this.sends.isMailLimitReached(tx, mailed)) return;
    countSend(tx, mailed, 'EMAIL', this.limits);
    this.sends.deliver(tx, mailed, false);
  }
}
