import { lockAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { Method } from '../outbox/delivery.entity.js';
import { deliverCode } from '../outbox/outbox.js';
import { clientNetworks } from '../places/client-network.js';
import { type Counts, countsBy, isShareUsedUp, isUsedUp } from '../rate-limits/shares.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { Wait } from '../texts/times.js';
import type { ChallengeRow } from './challenge.entity.js';
import {
  Challenge,
  ChallengeClosed,
  MethodUnavailable,
  ResendTooSoon,
  type SendCodeOutcome,
  SendLimitReached,
} from './challenge.types.js';
import { isPasswordProven } from './challenge-rules.js';
import { countSend } from './challenge-states.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** What a send is told of its challenge. */
export type Sent = Pick<
  ChallengeRow,
  'id' | 'accountId' | 'purpose' | 'method' | 'email' | 'deviceId' | 'deviceName' | 'platform' | 'ipAddress' | 'locale'
>;

/** Sends the code of a challenge: at its start, again, and another way. */
export class ChallengeSends {
  constructor(
    private readonly transactions: Transactions,
    private readonly views: ChallengeViews,
    private readonly activities: Activities,
    private readonly limits: Limits,
  ) {}

  /** Sends the code again, or another way. It is the same code for as long as the challenge lives. */
  async send(db: Sql, token: string, method: Method, ipAddress: string): Promise<SendCodeOutcome> {
    const hash = tokenHash('chl', token);
    const before = hash && (await this.views.find(db, token));
    if (!hash || !before) return new ChallengeClosed('EXPIRED');
    // At once: neither the account's epoch nor the mails to its address are for whoever holds a token that is over.
    if (before.state !== 'PENDING') return new ChallengeClosed(before.state);
    if (!before.availableMethods.includes(method)) return new MethodUnavailable(before.availableMethods);
    const refusal = await this.transactions.run((tx) => this.sendOnce(tx, before, hash, method, ipAddress));
    if (refusal) return refusal;
    const after = await this.views.find(db, token);
    return after ? new Challenge(after) : new ChallengeClosed('EXPIRED');
  }

  private async sendOnce(tx: Tx, seen: ChallengeView, hash: Buffer, method: Method, ipAddress: string) {
    const { row } = seen;
    // The account first, then the challenge. Where no password was proven there is no account to lock, known or not.
    if (isPasswordProven(row.purpose) && row.accountId) {
      const account = await lockAccount(tx, row.accountId, row.epoch ?? null);
      if (!account) return this.closed(tx, row);
    }
    if (method === 'EMAIL' && isPasswordProven(row.purpose) && (await this.isMailLimitReached(tx, row))) {
      return new SendLimitReached();
    }
    const sent = await countSend(tx, hash, method, this.limits);
    if (!sent) return this.whyNot(tx, seen, method);
    // Counted where this send is asked for, which need not be where the challenge was started.
    const asked = { ...sent, ipAddress };
    const isWithheld =
      method === 'EMAIL' && !isPasswordProven(row.purpose) && (await this.isMailLimitReached(tx, asked));
    this.deliver(tx, asked, isWithheld);
    return null;
  }

  /** Why it takes no send although it was pending a moment ago: another epoch has cancelled it, or something before that. */
  private async closed(tx: Tx, { id }: ChallengeRow): Promise<ChallengeClosed> {
    const now = await this.views.read(tx, id);
    return new ChallengeClosed(now && now.state !== 'PENDING' ? now.state : 'CANCELLED');
  }

  private async whyNot(tx: Tx, before: ChallengeView, method: Method) {
    const now = await this.views.read(tx, before.row.id);
    if (now?.state !== 'PENDING') return new ChallengeClosed(now?.state ?? 'EXPIRED');
    if (now.row.sends >= this.limits.CHALLENGE_SENDS) return new SendLimitReached();
    const option = now.sendOptions.find((candidate) => candidate.method === method);
    return new ResendTooSoon(option?.retry ?? Wait.of(0));
  }

  /** Writes a send that is allowed: the first in the transaction that opens the challenge. */
  deliver(tx: Tx, challenge: Sent, isWithheld: boolean): void {
    deliverCode(tx, {
      challengeId: challenge.id,
      method: challenge.method,
      toAddress: challenge.method === 'EMAIL' ? challenge.email : null,
      askedFrom: isPasswordProven(challenge.purpose) ? null : askerOf(challenge),
      locale: challenge.locale,
      isWithheld,
    });
    tx.wake(`challenge:${challenge.id}`);
    if (!challenge.accountId || !isPasswordProven(challenge.purpose)) return;
    this.activities.record(tx, {
      accountId: challenge.accountId,
      type: 'CODE_REQUESTED',
      deviceId: challenge.deviceId ?? null,
      deviceName: challenge.deviceName,
      platform: challenge.platform,
      ipAddress: challenge.ipAddress,
      method: challenge.method,
    });
  }

  /**
   * Whether one more code may not be mailed to this address within the hour. Counted among the deliveries themselves:
   * behind the account's lock where a password was proven, else behind a lock on the address.
   */
  async isMailLimitReached(tx: Tx, challenge: Sent): Promise<boolean> {
    if (isPasswordProven(challenge.purpose)) {
      const proven = await rowOf<{ mails: Counts }>(
        tx,
        sql`select ${countsBy('c.ip_address', challenge.ipAddress)} as mails
            from delivery d left join challenge c on c.id = d.challenge_id
            where d.to_address = ${challenge.email} and d.challenge_id is not null and d.asked_from is null
              and not d.is_withheld and d.created_at > clock_timestamp() - interval '1 hour'`,
      );
      return proven !== null && isUsedUp(proven.mails, this.limits.MAILS_PER_ADDRESS_HOUR);
    }
    tx.write(sql`select pg_advisory_xact_lock(hashtextextended(${challenge.email}, 0))`);
    // What was withheld is no mail, and counts no more: or one network could ask until nothing is left for others.
    const open = await rowOf<{ byStrangers: Counts; byThisOne: number }>(
      tx,
      sql`select ${countsBy('network', challenge.ipAddress, sql`network is not null`)} as "byStrangers",
            (count(*) filter (where asked_from = ${askerOf(challenge)}))::int as "byThisOne"
          from (
            select asked_from, case when asked_from not like ${`${DEVICE_ASKER}%`} then asked_from end as network
            from delivery where to_address = ${challenge.email} and asked_from is not null and not is_withheld
              and created_at > clock_timestamp() - interval '1 hour') asked`,
    );
    const { OPEN_MAILS_PER_ADDRESS_HOUR: perAddress, OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: perAsker } = this.limits;
    if (!open) return false;
    // A device of the account's is counted by itself: strangers cannot use up what its owner needs.
    return challenge.deviceId ? open.byThisOne >= perAddress : isShareUsedUp(open.byStrangers, perAsker, perAddress);
  }
}

const DEVICE_ASKER = 'device:';

/** Who asks for a mail without a password: a device that the account knows, or a network. */
function askerOf(challenge: Sent): string {
  return challenge.deviceId ? `${DEVICE_ASKER}${challenge.deviceId}` : clientNetworks(challenge.ipAddress).narrow;
}
