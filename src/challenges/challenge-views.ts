import { maskEmailAddress } from '../accounts/email-address.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { hasPush } from '../devices/push-subscriptions.js';
import { isOnline, isTrusted } from '../devices/trust.js';
import type { DeliveryRow, DeliveryStateName, Method } from '../outbox/delivery.entity.js';
import { deliveriesOf, lastDeliveriesOf } from '../outbox/outbox.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, constant, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { type Wait, waitOf } from '../texts/times.js';
import { ChallengeRow, type State } from './challenge.entity.js';
import { purposeRules } from './challenge-purposes.js';
import { isProven, provenPurposes, type SeenNow, seenNow } from './challenge-rules.js';
import { mayShowCodes } from './code-devices.js';
import { askedIn, isForDevice, isPrompt, promptKindOf } from './prompt-kinds.js';

export const deliveryReasons = [
  'NO_DEVICE_RECEIVES_CODES',
  'NO_TRUSTED_DEVICE_ONLINE',
  'NOTIFICATIONS_OFF',
  'NOT_YET_ACKNOWLEDGED',
  'PROMPTS_PAUSED',
  'PUSH_WAITING',
  'PUSH_ACCEPTED',
  'PUSH_SERVICE_UNAVAILABLE',
  'PUSH_REFUSED',
  'PUSH_GONE',
  'MAIL_HELD',
  'MAIL_WAITING',
  'MAIL_LIMIT_REACHED',
  'MAIL_ACCEPTED',
  'MAIL_SERVER_UNAVAILABLE',
  'MAIL_FATE_UNKNOWN',
  'ADDRESS_REFUSED',
  'MAIL_REFUSED',
  'TOO_LATE',
] as const;
export type DeliveryReasonName = (typeof deliveryReasons)[number];

/** A send, and what became of it. */
export interface DeliveryView {
  readonly id: string;
  readonly method: Method;
  /** When it was asked for. */
  readonly sentAt: Date;
  readonly state: DeliveryStateName;
  readonly changedAt: Date;
  readonly devicesReached: number | null;
  readonly reason: DeliveryReasonName | null;
  /** For how long codes by mail are held after a reset of the password; null where they are not held from this device. */
  readonly mailHeld: Wait | null;
  /** Whether the account has a trusted device that shows codes. */
  readonly hasTrusted: boolean;
  /** Whether the code is for another device than the one that asks: then it comes by mail only where there is none. */
  readonly isForAnotherDevice: boolean;
  /** Whether the challenge is over: then there is nothing left to do about a code that nobody has acknowledged. */
  readonly isOver: boolean;
  readonly replyCode: number | null;
  readonly enhancedStatus: string | null;
}

/** A method that a challenge may be sent by. */
export interface SendOptionView {
  readonly method: Method;
  /** Null: it was not sent by it before. */
  readonly retry: Wait | null;
}

/** A challenge as the device that answers it may see it. */
export interface ChallengeView {
  readonly row: ChallengeRow;
  readonly token: string;
  readonly state: State;
  /** Until it expires, by the database's clock. */
  readonly msLeft: number;
  readonly availableMethods: readonly Method[];
  /** Null: the trusted devices. */
  readonly maskedAddress: string | null;
  readonly attemptsRemaining: number;
  /** The methods that take a send now or after a wait; none once no send is left. */
  readonly sendOptions: readonly SendOptionView[];
  readonly deliveries: readonly DeliveryView[];
}

/** One that is locked, and whether it takes now what was asked. */
export interface LockedChallenge {
  readonly view: ChallengeView;
  readonly takesNow: boolean;
}

/** What only the database's clock and the account's devices can tell of a challenge. */
interface Facts extends SeenNow, AccountNow {
  /** Until each method takes a send again; null where it was not sent by it yet. */
  readonly appRetryMs: number | null;
  readonly mailRetryMs: number | null;
}

/** What became of the challenge's sends: where its code is shown, and of its pushes, while it was open. */
interface SendFacts {
  readonly shownOn: number;
  readonly seenOn: number;
  readonly displayChangedAt: Date | null;
  /** How many devices' push services have taken it. */
  readonly pushed: number;
  /** Of these, those that were not shown the code since. */
  readonly pushedAlone: number;
  /** Those that none has taken: not tried yet, to be tried again, refused, no longer known to their push service. */
  readonly pushesWaiting: number;
  readonly pushesFailing: number;
  readonly pushesRefused: number;
  readonly pushesGone: number;
  readonly pushChangedAt: Date | null;
}

/** The account as it is at this moment, not as it was when the challenge began. */
interface AccountNow {
  /** Whether there is a trusted device that shows codes; what follows is about these alone. */
  readonly hasTrusted: boolean;
  /** Whether there are trusted devices, and none shows codes. */
  readonly areCodesUnwanted: boolean;
  readonly hasNotifiable: boolean;
  readonly hasOnline: boolean;
  /** Whether one of them is signed in. */
  readonly canShow: boolean;
  readonly mailHeldUntil: Date | null;
  readonly mailHeldMs: number | null;
}

/**
 * What is told of the account once a challenge is over: nothing. Its token would else go on watching the devices of
 * somebody who has denied it, or changed the password since. All else in a view is the challenge's own, and stands still.
 */
const nothingKnown: AccountNow = {
  hasTrusted: false,
  areCodesUnwanted: false,
  hasNotifiable: false,
  hasOnline: false,
  canShow: false,
  mailHeldUntil: null,
  mailHeldMs: null,
};

/** SQL of the account of the challenge `c` as it is now, as `trusted`: a row where there is a trusted device. */
export function accountNow(limits: Limits): Fragment {
  return sql`left join lateral (
      select bool_or(d.receives_codes) as has_any,
        bool_or(d.receives_codes and (d.notifications_enabled or ${hasPush(limits, 'd')})) as has_notifiable,
        bool_or(d.receives_codes and ${isOnline(limits, 'd')}) as has_online, bool_or(${mayShowCodes(limits, 'd')}) as can_show
      from device d where d.account_id = c.account_id and ${isPrompt('c')} and ${isTrusted(limits, 'd')}
        and ${isForDevice(askedIn('c'), 'd')}
      group by d.account_id) trusted on true`;
}

/** SQL of where the code of the challenge `c` is shown, as `shown`. */
export function shownNow(): Fragment {
  return sql`cross join lateral (
      select count(*)::int as on_devices, count(di.seen_at)::int as seen_on,
        greatest(max(di.shown_at), max(di.seen_at)) as changed_at
      from display di where di.challenge_id = c.id) shown`;
}

/** SQL of what became of the pushes of the challenge `c`, as `push`; nothing that came after its end. */
export function pushedNow(): Fragment {
  const taken = sql`p.taken_at <= ended.at`;
  const isShown = sql`exists (select from display di where di.challenge_id = c.id and di.device_id = p.device_id)`;
  return sql`cross join lateral (
      select count(*) filter (where ${taken})::int as taken,
        count(*) filter (where ${taken} and not ${isShown})::int as alone,
        count(*) filter (where p.taken_at is null and p.state = 'PENDING' and p.fault is null)::int as waiting,
        count(*) filter (where p.taken_at is null and p.state = 'PENDING' and p.fault is not null)::int as failing,
        count(*) filter (where p.taken_at is null and p.state = 'REFUSED')::int as refused,
        count(*) filter (where p.taken_at is null and p.state = 'GONE')::int as gone,
        greatest(max(p.taken_at) filter (where ${taken}), max(p.changed_at) filter (where p.changed_at <= ended.at)) as changed_at
      from push p cross join (select coalesce(c.ended_at, c.expires_at) as at) ended where p.challenge_id = c.id) push`;
}

type Seen = ChallengeRow & Facts & SendFacts;

function withFacts(found: Seen): Seen {
  return found.seenState === 'PENDING' ? found : { ...found, ...nothingKnown };
}

/** Reads challenges for those who answer them. */
export class ChallengeViews {
  constructor(private readonly limits: Limits) {}

  /** @returns null if the token names none */
  async find(db: Sql, token: string): Promise<ChallengeView | null> {
    const hash = tokenHash('chl', token);
    return hash && this.select(db, sql`c.token_hash = ${hash}`, token);
  }

  /** A challenge that was just opened. */
  async opened(db: Sql, challengeId: string, token: string): Promise<ChallengeView> {
    const view = await this.select(db, sql`c.id = ${challengeId}`, token);
    if (!view) throw new Error('a challenge that was just opened is gone');
    return view;
  }

  /**
   * Locks a challenge for the rest of the transaction, and looks at it behind that lock; without its deliveries.
   * @param which SQL that is true for it, and @param takes SQL that is told with it: both call it `c`
   */
  async lock(tx: Tx, which: Fragment, token: string, takes: Fragment): Promise<LockedChallenge | null> {
    const found = await rowOf<ChallengeRow & Facts & { takesNow: boolean }>(
      tx,
      sql`select ${takes} as "takesNow", ${this.now()} where ${which} for no key update of c`,
    );
    return found && { view: { ...this.viewOf(found, token), deliveries: [] }, takesNow: found.takesNow };
  }

  /** A challenge, for the server itself, which does not have the token. */
  read(db: Sql, challengeId: string): Promise<ChallengeView | null> {
    return this.select(db, sql`c.id = ${challengeId}`, '');
  }

  /** The last sends of an account whose password was proven before, of all its challenges, the newest first. */
  async lastDeliveries(db: Sql, accountId: string, most: number): Promise<DeliveryView[]> {
    const sent = await lastDeliveriesOf(
      db,
      sql`select id from challenge where account_id = ${accountId} and purpose = any(${constant(provenPurposes)})
          order by created_at desc limit ${most}`,
      most,
    );
    const ids = [...new Set(sent.map(({ challengeId }) => challengeId))];
    const found = await rowsOf<Seen>(db, this.selection(sql`c.id = any(${ids})`));
    const byId = new Map(found.map((row) => [row.id, withFacts(row)]));
    return sent.flatMap((delivery) => {
      const challenge = byId.get(delivery.challengeId ?? '');
      return challenge ? [deliveryView(challenge, delivery)] : [];
    });
  }

  private async select(db: Sql, condition: Fragment, token: string): Promise<ChallengeView | null> {
    // Where no password was proven nothing is told of the sends; they are read all the same: the same work for everybody.
    const [found, deliveries] = await db.together((connection) =>
      Promise.all([
        rowOf<Seen>(connection, this.selection(condition)),
        deliveriesOf(connection, sql`(select c.id from challenge c where ${condition})`),
      ]),
    );
    if (!found) return null;
    const seen = withFacts(found);
    const told = isProven(seen.purpose) ? deliveries : [];
    return { ...this.viewOf(seen, token), deliveries: told.map((delivery) => deliveryView(seen, delivery)) };
  }

  private selection(condition: Fragment): Fragment {
    return sql`select shown.on_devices as "shownOn", shown.seen_on as "seenOn", shown.changed_at as "displayChangedAt",
            push.taken as "pushed", push.alone as "pushedAlone", push.waiting as "pushesWaiting",
            push.failing as "pushesFailing", push.refused as "pushesRefused", push.gone as "pushesGone",
            push.changed_at as "pushChangedAt", ${this.now()} ${shownNow()} ${pushedNow()}
          where ${condition}`;
  }

  /** SQL of a challenge `c` and its `Facts`, from the columns to what follows `from`. */
  private now(): Fragment {
    return sql`${columns(ChallengeRow, 'c')},
            ${seenNow()},
            coalesce(trusted.has_any, false) as "hasTrusted", coalesce(not trusted.has_any, false) as "areCodesUnwanted",
            coalesce(trusted.has_notifiable, false) as "hasNotifiable",
            coalesce(trusted.has_online, false) as "hasOnline", coalesce(trusted.can_show, false) as "canShow",
            ${this.retryMs('c.last_app_send_at')} as "appRetryMs", ${this.retryMs('c.last_mail_send_at')} as "mailRetryMs",
            held.until as "mailHeldUntil", ${msUntil(sql`held.until`)} as "mailHeldMs"
          from challenge c
          left join lateral (
            select a.mail_held_until as until from account a where c.mail_held and a.id = c.account_id) held on true
          ${accountNow(this.limits)}`;
  }

  private retryMs(lastSend: string): Fragment {
    return msUntil(sql`(${raw(lastSend)} + make_interval(secs => ${constant(this.limits.RESEND_SECONDS)}))`);
  }

  private viewOf(row: ChallengeRow & Facts, token: string): Omit<ChallengeView, 'deliveries'> {
    return {
      row,
      token,
      state: row.seenState,
      msLeft: row.msLeft,
      availableMethods: this.availableMethods(row),
      maskedAddress: row.method === 'EMAIL' ? maskEmailAddress(row.email) : null,
      attemptsRemaining: Math.max(0, this.limits.CHALLENGE_TRIES - row.tries),
      sendOptions: this.sendOptions(row),
    };
  }

  private availableMethods(row: ChallengeRow & Facts): Method[] {
    if (row.seenState !== 'PENDING') return [];
    // Mail may be read where it is asked for: not while another device can show it.
    if (purposeRules[row.purpose].ways === 'APP_ELSE_EMAIL') return row.canShow || row.mailHeld ? ['APP'] : ['EMAIL'];
    // While mail is held, the app is the way even before a device is trusted again: there is no other.
    const app: Method[] = row.hasTrusted || row.mailHeld ? ['APP'] : [];
    const mail: Method[] = row.mailHeld ? [] : ['EMAIL'];
    return [...app, ...mail];
  }

  private sendOptions(row: ChallengeRow & Facts): SendOptionView[] {
    if (row.sends >= this.limits.CHALLENGE_SENDS) return [];
    return this.availableMethods(row).map((method) => ({ method, retry: this.retry(row, method) }));
  }

  private retry(row: ChallengeRow & Facts, method: Method): Wait | null {
    const [lastSend, ms] =
      method === 'APP' ? [row.lastAppSendAt, row.appRetryMs] : [row.lastMailSendAt, row.mailRetryMs];
    return waitOf(lastSend && new Date(lastSend.getTime() + this.limits.RESEND_SECONDS * 1000), ms);
  }
}

function deliveryView(challenge: Seen, row: DeliveryRow): DeliveryView {
  const common = {
    id: row.id,
    method: row.method,
    sentAt: row.createdAt,
    replyCode: row.replyCode ?? null,
    enhancedStatus: row.enhancedStatus ?? null,
    mailHeld: waitOf(challenge.mailHeldUntil, challenge.mailHeldMs),
    hasTrusted: challenge.hasTrusted,
    isForAnotherDevice: isForAnotherDevice(challenge),
    isOver: challenge.seenState !== 'PENDING',
  };
  return row.method === 'APP'
    ? { ...common, ...appDelivery(challenge, row) }
    : { ...common, ...mailDelivery(challenge, row) };
}

type Fate = Pick<DeliveryView, 'state' | 'reason' | 'changedAt' | 'devicesReached'>;

function appDelivery(challenge: Seen, row: DeliveryRow): Fate {
  const changedAt = latest(row.changedAt, challenge.displayChangedAt, challenge.pushChangedAt);
  if (challenge.seenOn > 0) return { state: 'SEEN', reason: null, changedAt, devicesReached: challenge.seenOn };
  const devicesReached = challenge.shownOn + challenge.pushedAlone;
  const reached = (reason: DeliveryReasonName): Fate => ({ state: 'SENT', reason, changedAt, devicesReached });
  const isShown = challenge.shownOn > 0;
  if (challenge.seenState !== 'PENDING') {
    if (devicesReached > 0) return reached(isShown ? 'NOT_YET_ACKNOWLEDGED' : 'PUSH_ACCEPTED');
    return { state: 'FAILED', reason: 'TOO_LATE', changedAt, devicesReached };
  }
  if (isShown && challenge.hasOnline) return reached('NOT_YET_ACKNOWLEDGED');
  if (challenge.pushed > 0) return reached('PUSH_ACCEPTED');
  // A device that went away after it was reached may never have shown the code.
  if (isShown) {
    const isUnwanted = challenge.areCodesUnwanted;
    return reached(whyNoneIsOnline(challenge, isUnwanted ? 'NO_DEVICE_RECEIVES_CODES' : 'NO_TRUSTED_DEVICE_ONLINE'));
  }
  const isTriedAgain = challenge.pushesFailing > 0 && !challenge.hasOnline && !challenge.isSilent;
  return { state: isTriedAgain ? 'RETRYING' : 'QUEUED', reason: whyNotShown(challenge), changedAt, devicesReached };
}

function latest(first: Date, ...others: readonly (Date | null)[]): Date {
  return others.reduce<Date>((last, other) => (other && other > last ? other : last), first);
}

function whyNotShown(challenge: Seen): DeliveryReasonName {
  if (challenge.isSilent) return 'PROMPTS_PAUSED';
  if (challenge.hasOnline) return 'NOT_YET_ACKNOWLEDGED';
  if (challenge.pushesFailing > 0) return 'PUSH_SERVICE_UNAVAILABLE';
  if (challenge.pushesWaiting > 0) return 'PUSH_WAITING';
  return whyNoneIsOnline(challenge, whyNoneIsReached(challenge));
}

function whyNoneIsReached(challenge: Seen): DeliveryReasonName {
  if (challenge.areCodesUnwanted) return 'NO_DEVICE_RECEIVES_CODES';
  if (challenge.pushesRefused > 0) return 'PUSH_REFUSED';
  if (challenge.pushesGone > 0) return 'PUSH_GONE';
  return challenge.hasTrusted && !challenge.hasNotifiable ? 'NOTIFICATIONS_OFF' : 'NO_TRUSTED_DEVICE_ONLINE';
}

/** While mail is held that is said instead of what points at email. */
function whyNoneIsOnline(challenge: Seen, otherwise: DeliveryReasonName): DeliveryReasonName {
  return challenge.mailHeldUntil && !isForAnotherDevice(challenge) ? 'MAIL_HELD' : otherwise;
}

function isForAnotherDevice({ purpose }: Pick<ChallengeRow, 'purpose'>): boolean {
  return promptKindOf(purpose) === 'CONFIRMATION';
}

function mailDelivery(challenge: Seen, row: DeliveryRow): Fate {
  const { changedAt, state } = row;
  const fate = (seen: DeliveryStateName, reason: DeliveryReasonName): Fate => ({
    state: seen,
    reason,
    changedAt,
    devicesReached: null,
  });
  if (row.isWithheld) return fate('FAILED', 'MAIL_LIMIT_REACHED');
  if (state === 'SENT') return fate('SENT', 'MAIL_ACCEPTED');
  const mayHaveArrived = row.unknownSends > 0;
  if (state === 'FAILED') return fate('FAILED', row.failure ?? (mayHaveArrived ? 'MAIL_FATE_UNKNOWN' : 'TOO_LATE'));
  if (mayHaveArrived) return fate(challenge.seenState === 'PENDING' ? 'RETRYING' : 'FAILED', 'MAIL_FATE_UNKNOWN');
  // Not sent yet, and over: the worker will find that out, the person need not wait for it.
  if (challenge.seenState !== 'PENDING') return fate('FAILED', 'TOO_LATE');
  return state === 'RETRYING' ? fate('RETRYING', 'MAIL_SERVER_UNAVAILABLE') : fate('QUEUED', 'MAIL_WAITING');
}
