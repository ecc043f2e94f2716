import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccountOf } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import { Problem } from '../api/problem.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { Method } from '../outbox/delivery.entity.js';
import { deliverCode } from '../outbox/outbox.js';
import { clientNetworks } from '../places/client-network.js';
import { type Counts, countsBy, isShareUsedUp, isUsedUp } from '../rate-limits/shares.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { Wait } from '../texts/times.js';
import type { ChallengeRow, Purpose } from './challenge.entity.js';
import {
  Challenge,
  ChallengeClosed,
  MethodUnavailable,
  ResendTooSoon,
  type SendCodeOutcome,
  SendLimitReached,
} from './challenge.types.js';
import { isOpen, isProven } from './challenge-rules.js';
import { countSend, takesSend } from './challenge-states.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';
import { actionBound, areConfirmMailsUsedUp, isActionBound } from './confirm-mails.js';

/** What a send is told of its challenge. */
export type Sent = Pick<
  ChallengeRow,
  'id' | 'accountId' | 'purpose' | 'method' | 'email' | 'deviceId' | 'deviceName' | 'platform' | 'ipAddress' | 'locale'
> & {
  /** The client that has told of its address, which nobody has proven to read; null: somebody has, or no client told of it. */
  readonly unprovenFor: string | null;
};

/** Of which client's subject an address is that a code goes to and nobody has proven yet. @returns null where that is not so */
export function unprovenFor(account: AccountRow | null, purpose: Purpose): string | null {
  if (!account?.clientId) return null;
  return purpose === 'PROVE_ADDRESS' || account.addressProvenAt == null ? account.clientId : null;
}

/** Sends the code of a challenge: at its start, again, and another way. */
export class ChallengeSends {
  constructor(
    private readonly transactions: Transactions,
    private readonly views: ChallengeViews,
    private readonly activities: Activities,
    private readonly limits: Limits,
  ) {}

  /** Sends the code again, or another way. It is the same code for as long as the challenge lives. */
  async send(token: string, method: Method, ipAddress: string): Promise<SendCodeOutcome> {
    const hash = tokenHash('chl', token);
    if (!hash) return new ChallengeClosed('EXPIRED');
    const sent = await this.transactions.run((tx) => this.sendOnce(tx, token, hash, method, ipAddress));
    return sent instanceof Problem ? sent : new Challenge(await sent.view);
  }

  private async sendOnce(
    tx: Tx,
    token: string,
    hash: Buffer,
    method: Method,
    ipAddress: string,
  ): Promise<{ readonly view: Promise<ChallengeView> } | Exclude<SendCodeOutcome, Challenge>> {
    // Neither the account's epoch nor the mails to its address are for whoever holds a token that is over.
    const which = sql`c.token_hash = ${hash} and ${isOpen('c')}`;
    // The account first, then the challenge. Where no password was proven there is no account to lock, known or not.
    const [account, seen, areMailsUsedUp] = await Promise.all([
      lockAccountOf(tx, which),
      this.views.lock(tx, which, token, takesSend(method, this.limits)),
      method === 'EMAIL' &&
        this.areMailsUsedUp(
          tx,
          sql`(select c.account_id from challenge c where ${which} and c.epoch is not null)`,
          ipAddress,
        ),
    ]);
    if (!seen) return this.closed(tx, token);
    const { view, takesNow } = seen;
    const { row, availableMethods } = view;
    if (!availableMethods.includes(method)) return new MethodUnavailable(availableMethods);
    const isAccountProven = isProven(row.purpose);
    if (isAccountProven && !account) return this.closed(tx, token);
    const areUsedUp = isActionBound(row.purpose)
      ? method === 'EMAIL' && (await areConfirmMailsUsedUp(tx, row.accountId as string, this.limits))
      : areMailsUsedUp;
    if (isAccountProven && areUsedUp) return new SendLimitReached();
    if (!takesNow) return this.whyNot(view, method);
    // Counted where this send is asked for, which need not be where the challenge was started.
    const asked = { ...row, method, ipAddress, unprovenFor: unprovenFor(account, row.purpose) };
    const isCountedHere = method === 'EMAIL' && (!isAccountProven || asked.unprovenFor !== null);
    const isWithheld = isCountedHere && (await this.isMailLimitReached(tx, asked));
    if (isWithheld && isAccountProven) return new SendLimitReached();
    countSend(tx, row, method, this.limits);
    this.deliver(tx, asked, isWithheld);
    const after = this.views.opened(tx, row.id, token);
    // Whoever waits for the end of the transaction is told what failed first.
    after.catch(() => undefined);
    return { view: after };
  }

  /** Why it takes no send: it is over, or another epoch has cancelled it. */
  private async closed(tx: Tx, token: string): Promise<ChallengeClosed> {
    const now = await this.views.find(tx, token);
    if (!now) return new ChallengeClosed('EXPIRED');
    return new ChallengeClosed(now.state === 'PENDING' ? 'CANCELLED' : now.state, now.row.purpose);
  }

  private whyNot({ row, sendOptions }: ChallengeView, method: Method): SendLimitReached | ResendTooSoon {
    if (row.sends >= this.limits.CHALLENGE_SENDS) return new SendLimitReached();
    const option = sendOptions.find((candidate) => candidate.method === method);
    return new ResendTooSoon(option?.retry ?? Wait.of(0));
  }

  /** Writes a send that is allowed: the first in the transaction that opens the challenge. */
  deliver(tx: Tx, challenge: Sent, isWithheld: boolean): void {
    deliverCode(tx, {
      challengeId: challenge.id,
      method: challenge.method,
      toAddress: challenge.method === 'EMAIL' ? challenge.email : null,
      askedFrom: askedFrom(challenge),
      locale: challenge.locale,
      isWithheld,
    });
    tx.wake(`challenge:${challenge.id}`);
    if (!challenge.accountId || !isProven(challenge.purpose)) return;
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
   * behind the account's lock where it was proven, else behind a lock on the address.
   */
  async isMailLimitReached(tx: Tx, challenge: Sent): Promise<boolean> {
    if (isActionBound(challenge.purpose)) return areConfirmMailsUsedUp(tx, challenge.accountId as string, this.limits);
    if (challenge.unprovenFor !== null) return this.areUnprovenUsedUp(tx, challenge);
    if (isProven(challenge.purpose)) {
      return this.areMailsUsedUp(tx, sql`${challenge.accountId}`, challenge.ipAddress);
    }
    tx.write(sql`select pg_advisory_xact_lock(hashtextextended(${challenge.email}, 0))`);
    // What was withheld is no mail, and counts no more: or one network could ask until nothing is left for others.
    const open = await rowOf<{ byStrangers: Counts; byThisOne: number }>(
      tx,
      sql`select ${countsBy('network', challenge.ipAddress, sql`network is not null`)} as "byStrangers",
            (count(*) filter (where asked_from = ${askerOf(challenge)}))::int as "byThisOne"
          from (
            select asked_from, case when asked_from not like ${`${DEVICE_ASKER}%`} then asked_from end as network
            from delivery where to_address = ${challenge.email} and asked_from is not null
              and asked_from not like ${`${UNPROVEN_ASKER}%`} and not is_withheld
              and created_at > clock_timestamp() - interval '1 hour') asked`,
    );
    const { OPEN_MAILS_PER_ADDRESS_HOUR: perAddress, OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: perAsker } = this.limits;
    if (!open) return false;
    // A device of the account's is counted by itself: strangers cannot use up what its owner needs.
    return challenge.deviceId ? open.byThisOne >= perAddress : isShareUsedUp(open.byStrangers, perAsker, perAddress);
  }

  /**
   * The same for an address that a client has told of, and nobody has proven to read: it may be a stranger's, whose mailbox
   * that client fills. What was mailed to it for others counts nothing here, and this nothing there.
   */
  private async areUnprovenUsedUp(tx: Tx, challenge: Sent): Promise<boolean> {
    const asker = askedFrom(challenge);
    // Of one client there may be several subjects with that address.
    tx.write(sql`select pg_advisory_xact_lock(hashtextextended(${`${asker} ${challenge.email}`}, 0))`);
    const mailed = await rowOf<{ count: number }>(
      tx,
      sql`select count(*)::int as count from delivery
          where to_address = ${challenge.email} and asked_from = ${asker} and not is_withheld
            and created_at > clock_timestamp() - interval '1 day'`,
    );
    return mailed !== null && mailed.count >= this.limits.UNPROVEN_MAILS_DAY;
  }

  /**
   * The same where an account was proven, behind its lock.
   * @param accountId SQL for its id
   * @param ipAddress whence another one is asked for
   */
  async areMailsUsedUp(tx: Tx, accountId: Fragment, ipAddress: string): Promise<boolean> {
    const proven = await rowOf<{ mails: Counts }>(
      tx,
      sql`select ${countsBy('c.ip_address', ipAddress)} as mails
          from challenge c join delivery d on d.challenge_id = c.id
          where c.account_id = ${accountId} and c.created_at > clock_timestamp() - interval '2 hours'
            and c.purpose <> all(${actionBound}) and d.method = 'EMAIL' and d.asked_from is null
            and not d.is_withheld and d.created_at > clock_timestamp() - interval '1 hour'`,
    );
    return proven !== null && isUsedUp(proven.mails, this.limits.MAILS_PER_ADDRESS_HOUR);
  }
}

const DEVICE_ASKER = 'device:';
const UNPROVEN_ASKER = 'unproven:';

/** By whom it is counted; null: by its account. */
function askedFrom(challenge: Sent): string | null {
  if (challenge.unprovenFor !== null) return `${UNPROVEN_ASKER}${challenge.unprovenFor}`;
  return isProven(challenge.purpose) ? null : askerOf(challenge);
}

/** Who asks for a mail without a password: a device that the account knows, or a network. */
function askerOf(challenge: Sent): string {
  return challenge.deviceId ? `${DEVICE_ASKER}${challenge.deviceId}` : clientNetworks(challenge.ipAddress).narrow;
}
