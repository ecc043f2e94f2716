import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import { NotFound, RateLimited } from '../api/errors.js';
import type { Session } from '../api/session.js';
import type { ChallengeRow } from '../challenges/challenge.entity.js';
import { isProven } from '../challenges/challenge-rules.js';
import type { ChallengeView, ChallengeViews } from '../challenges/challenge-views.js';
import type { Limits } from '../config/limits.js';
import type { Devices } from '../devices/devices.js';
import { NO_ADDRESS } from '../places/client-network.js';
import { type Counts, countsBy, isUsedUp } from '../rate-limits/shares.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { Wait, waitOf } from '../texts/times.js';
import { accountText, challengeText, reportHead } from './report-text.js';
import { SupportReportRow } from './support-report.entity.js';

/** The challenges whose sends an account's part shows. */
const LAST_CHALLENGES = 5;

/** Writes what support would ask for when codes do not arrive; no secret is in it. */
export class SupportReports {
  constructor(
    private readonly transactions: Transactions,
    private readonly views: ChallengeViews,
    private readonly devices: Devices,
    private readonly sessions: Sessions,
    private readonly supportContact: string | null,
    private readonly limits: Limits,
  ) {}

  /** For a person who is signed in: all of it. @throws RateLimited */
  ofAccount(session: Session): Promise<SupportReportRow> {
    return this.transactions.run(async (tx) => {
      const { account } = await lockOwner(tx, this.sessions, session);
      await this.requireAllowed(tx, account.id, null);
      return this.write(tx, account, null, await this.accountPart(tx, account), null);
    });
  }

  /**
   * For the person who is stuck outside: this challenge and this device alone. The account's part is stored for the
   * operator under the same id.
   * @throws NotFound if the token names no challenge whose password was proven
   * @throws RateLimited
   */
  async ofChallenge(db: Sql, token: string): Promise<SupportReportRow> {
    const view = await this.views.find(db, token);
    const accountId = view && isProven(view.row.purpose) ? view.row.accountId : null;
    if (!view || !accountId) throw new NotFound('challenge');
    return this.transactions.run(async (tx) => {
      const account = await lockAccount(tx, accountId, null);
      if (!account) throw new NotFound('challenge');
      await this.requireAllowed(tx, account.id, view.row);
      return this.write(tx, account, view, challengeText(view), await this.accountPart(tx, account));
    });
  }

  private async write(
    tx: Tx,
    account: AccountRow,
    view: ChallengeView | null,
    body: string,
    operatorText: string | null,
  ): Promise<SupportReportRow> {
    const challengeId = view?.row.id ?? null;
    const id = randomUUID();
    const text = `${reportHead(id, new Date(), this.supportContact)}\n${body}`;
    const report = await rowOf<SupportReportRow>(
      tx,
      sql`insert into support_report (id, account_id, challenge_id, text, account_text)
          values (${id}, ${account.id}, ${challengeId}, ${text}, ${operatorText}) returning ${columns(SupportReportRow)}`,
    );
    if (!report) throw new Error('an insert returned no row');
    return report;
  }

  /** Before anything is read for it. Those asked for by a session count by themselves: whoever has but the password cannot use up the owner's. */
  private async requireAllowed(tx: Tx, accountId: string, challenge: ChallengeRow | null): Promise<void> {
    const challengeId = challenge?.id ?? null;
    const inHour = sql`r.created_at > clock_timestamp() - interval '1 hour'`;
    const nextAt = sql`(min(r.created_at) filter (where ${inHour}) + interval '1 hour')`;
    const written = await rowOf<{ inHour: Counts; ofChallenge: number; nextAt: Date | null; nextMs: number | null }>(
      tx,
      sql`select ${countsBy('c.ip_address', challenge?.ipAddress ?? NO_ADDRESS, inHour)} as "inHour",
            (count(*) filter (where r.challenge_id = ${challengeId}::uuid))::int as "ofChallenge",
            ${nextAt} as "nextAt", ${msUntil(nextAt)} as "nextMs"
          from support_report r left join challenge c on c.id = r.challenge_id
          where r.account_id = ${accountId} and (r.challenge_id is null) = ${challengeId === null}`,
    );
    if (!written) return;
    const { REPORTS_PER_ACCOUNT_HOUR: inHourMost, REPORTS_PER_CHALLENGE: ofChallengeMost } = this.limits;
    const isUsed = challenge ? isUsedUp(written.inHour, inHourMost) : written.inHour.ofAll >= inHourMost;
    if (isUsed || written.ofChallenge >= ofChallengeMost) {
      throw new RateLimited(waitOf(written.nextAt, written.nextMs) ?? Wait.of(0));
    }
  }

  private async accountPart(tx: Tx, account: AccountRow): Promise<string> {
    const recent = await rowsOf<{ id: string }>(
      tx,
      sql`select id from challenge where account_id = ${account.id} and purpose in ('SIGN_IN', 'ENABLE_TWO_STEP')
          order by created_at desc limit ${LAST_CHALLENGES}`,
    );
    const views = [];
    for (const { id } of recent) views.push(await this.views.read(tx, id));
    const deliveries = views.flatMap((view) => view?.deliveries ?? []);
    return accountText(account, await this.devices.list(tx, account.id), deliveries);
  }
}
