import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { Method } from '../outbox/delivery.entity.js';
import { isUsable } from '../sessions/session-rules.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { columns, constant, type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { ChallengeRow, type Purpose } from './challenge.entity.js';
import { isOpen, provenPurposes } from './challenge-rules.js';
import { requested, tellOver, tellRequested, wakePushes } from './prompt-events.js';
import { isPrompt, promptKindOf } from './prompt-kinds.js';

// The one writer of `challenge`: how one begins, what is counted on it, and how it ends.

/** A challenge as it begins: sent once, and open for `CHALLENGE_SECONDS`. */
export type NewChallenge = Pick<
  ChallengeRow,
  | 'id'
  | 'accountId'
  | 'purpose'
  | 'tokenHash'
  | 'keyId'
  | 'salt'
  | 'codeLength'
  | 'method'
  | 'epoch'
  | 'sessionId'
  | 'clientId'
  | 'requestId'
  | 'action'
  | 'deviceId'
  | 'email'
  | 'passwordHash'
  | 'mailHeld'
  | 'isSilent'
  | 'deviceName'
  | 'deviceModel'
  | 'platform'
  | 'osVersion'
  | 'appVersion'
  | 'notificationsEnabled'
  | 'ipAddress'
  | 'locale'
>;

/** Begins a challenge. */
export function addChallenge(tx: Tx, row: NewChallenge, limits: Limits): void {
  const sentBy = (method: Method) => (row.method === method ? sql`clock_timestamp()` : sql`null`);
  const opened = sql`insert into challenge (id, account_id, purpose, token_hash, key_id, salt, code_length, method, epoch, session_id,
          client_id, request_id, action, device_id, email, password_hash, mail_held, is_silent, device_name, device_model, platform, os_version,
          app_version, notifications_enabled, ip_address, locale, sends, last_app_send_at, last_mail_send_at, expires_at)
        values (${row.id}, ${row.accountId}, ${row.purpose}, ${row.tokenHash}, ${row.keyId}, ${row.salt},
          ${row.codeLength}, ${row.method}, ${row.epoch}, ${row.sessionId}, ${row.clientId}, ${row.requestId},
          ${row.action && JSON.stringify(row.action)}::jsonb, ${row.deviceId}, ${row.email},
          ${row.passwordHash}, ${row.mailHeld}, ${row.isSilent}, ${row.deviceName}, ${row.deviceModel}, ${row.platform},
          ${row.osVersion}, ${row.appVersion}, ${row.notificationsEnabled}, ${row.ipAddress}, ${row.locale},
          1, ${sentBy('APP')}, ${sentBy('EMAIL')},
          clock_timestamp() + make_interval(secs => ${constant(limits.CHALLENGE_SECONDS)}))
        returning ${requested}`;
  const kind = promptKindOf(row.purpose);
  if (kind) tx.write(tellRequested(tx, opened, kind, limits), (answer) => wakePushes(tx, answer));
  else tx.write(opened);
  // The account's trusted devices are prompted.
  if (row.accountId && kind) tx.wake(`account:${row.accountId}`);
}

/** SQL that is true where a challenge `c` that is open takes a send now: not all are used up, and the last is a while ago. */
export function takesSend(method: Method, limits: Limits): Fragment {
  const lastSend = sql`c.${lastSendBy(method)}`;
  return sql`(c.sends < ${constant(limits.CHALLENGE_SENDS)}
    and (${lastSend} is null or ${lastSend} <= clock_timestamp() - make_interval(secs => ${constant(limits.RESEND_SECONDS)})))`;
}

/** Counts one more send. Behind the challenge's lock it was open and `takesSend`. */
export function countSend(
  tx: Tx,
  { id, purpose }: Pick<ChallengeRow, 'id' | 'purpose'>,
  method: Method,
  limits: Limits,
): void {
  const counted = sql`update challenge set sends = sends + 1, method = ${method}, ${lastSendBy(method)} = clock_timestamp()
        where id = ${id} returning ${requested}`;
  // Shown anew, also where it was put aside before.
  const kind = promptKindOf(purpose);
  if (kind && method === 'APP') {
    tx.write(tellRequested(tx, counted, kind, limits), (answer) => wakePushes(tx, answer));
  } else tx.write(counted);
}

function lastSendBy(method: Method): Fragment {
  return method === 'APP' ? sql`last_app_send_at` : sql`last_mail_send_at`;
}

/** Which challenges a field answers: by purpose, and by who started them. */
export interface Answerable {
  /** Of those that were started here, by whoever answers them. */
  readonly own: readonly Purpose[];
  /** Of those that a product's backend started. */
  readonly backends: readonly Purpose[];
}

/** Whether a field answers a challenge. */
export function answers({ own, backends }: Answerable, { purpose, clientId }: ChallengeRow): boolean {
  return (clientId == null ? own : backends).includes(purpose);
}

function isAnsweredBy({ own, backends }: Answerable): Fragment {
  return sql`c.purpose = any(case when c.client_id is null then ${constant(own)} else ${constant(backends)} end)`;
}

/** Who answers a challenge. */
export interface Answerer {
  readonly tokenHash: Buffer | null;
  readonly field: Answerable;
  /** The session that asks; a challenge that a session started here is answered by that one alone. */
  readonly sessionId: string | null;
  /** How many were typed: what cannot be the code costs no try. */
  readonly digits: number;
}

/** SQL that is true where a challenge `c` takes a try of whoever answers it. */
export function takesTry({ tokenHash, field, sessionId, digits }: Answerer, limits: Limits): Fragment {
  return sql`c.token_hash = ${tokenHash} and ${isAnsweredBy(field)}
          and ${isOpen('c')} and c.tries < ${constant(limits.CHALLENGE_TRIES)} and c.code_length = ${digits}
          and (c.session_id is null or case when c.client_id is null then c.session_id = ${sessionId}::uuid
            else ${isAskerLive(limits)} end)`;
}

/** SQL that is true where the session that asks for a challenge `c` can be used now. */
function isAskerLive(limits: Limits): Fragment {
  return sql`exists (select 1 from session s join device d on d.id = s.device_id
    where s.id = c.session_id and ${isUsable(limits)})`;
}

/** Spends one try of a challenge. @returns null if it takes none: it is over, all are used up, or another's */
export async function countTry(tx: Tx, answerer: Answerer, limits: Limits): Promise<ChallengeRow | null> {
  const counted = await rowOf<ChallengeRow>(
    tx,
    sql`update challenge c set tries = tries + 1 where ${takesTry(answerer, limits)} returning ${columns(ChallengeRow)}`,
  );
  if (counted) tx.wake(`challenge:${counted.id}`);
  return counted;
}

/** Spends one of the new passwords that are judged for a challenge. @returns false if it takes none */
export async function countJudgement(db: Sql, challengeId: string, limits: Limits): Promise<boolean> {
  const counted = await countOf(
    db,
    sql`update challenge c set judgements = judgements + 1
        where c.id = ${challengeId} and ${isOpen('c')} and tries < ${constant(limits.CHALLENGE_TRIES)}
          and judgements < ${constant(limits.JUDGEMENTS_PER_CHALLENGE)}`,
  );
  return counted === 1;
}

/** Gives a judgement back. */
export async function takeJudgementBack(db: Sql, challengeId: string): Promise<void> {
  await countOf(db, sql`update challenge set judgements = greatest(judgements - 1, 0) where id = ${challengeId}`);
}

/**
 * SQL that notes that a device is about to show a code: until it was given to a channel, none is right.
 * @param allowed SQL that is true where it may be shown
 */
export function giving(challengeId: string, allowed: Fragment): Fragment {
  return sql`update challenge c set code_given_at = clock_timestamp()
        where c.id = ${challengeId} and code_given_at is null and ${isOpen('c')} and ${allowed}`;
}

/** Notes it of one that the device has already. */
export function giveToDevice(tx: Tx, challengeId: string): void {
  tx.write(giving(challengeId, sql`true`));
}

/**
 * Notes that the mail server is about to be given the code, if the challenge still takes it: of the account that it was
 * made for, under the same epoch; or of a new one.
 * @param only what the worker may read of a challenge, and so all that is returned
 */
export function giveToMail<Name extends keyof ChallengeRow & string>(
  db: Sql,
  challengeId: string | null,
  only: readonly Name[],
): Promise<Pick<ChallengeRow, Name> | null> {
  return rowOf<Pick<ChallengeRow, Name>>(
    db,
    sql`update challenge c
        set mailed_at = coalesce(mailed_at, clock_timestamp()), code_given_at = coalesce(code_given_at, clock_timestamp())
        where c.id = ${challengeId} and ${isOpen('c')}
          and case when c.purpose = 'SIGN_UP' then not exists (select 1 from account a where a.email = c.email)
            else exists (select 1 from account a where a.id = c.account_id and (c.epoch is null or a.epoch = c.epoch)) end
        returning ${columns(ChallengeRow, 'c', only)}`,
  );
}

/**
 * Makes the codes of the account's other resets wrong once one is done. The challenges themselves go on, like those of an
 * address that nobody has: whoever asked for one must not learn that the account exists.
 */
export function withdrawResetCodes(tx: Tx, accountId: string): void {
  tx.write(sql`update challenge set code_given_at = null
        where account_id = ${accountId} and purpose = 'RESET_PASSWORD' and state = 'PENDING'`);
}

/**
 * Consumes a challenge whose code was right: every condition of the try again, but the tries. Of several requests with
 * the right code, one gets the row. The account, where there is one, must be locked.
 */
export async function consume(tx: Tx, challenge: ChallengeRow, field: Answerable): Promise<ChallengeRow | null> {
  const [consumed] = await end(tx, 'VERIFIED', isRight(challenge, field));
  return consumed ?? null;
}

/** The same for what a session asks for by a backend: it must be live still. */
export async function consumeAsked(
  tx: Tx,
  challenge: ChallengeRow,
  field: Answerable,
  limits: Limits,
): Promise<ChallengeRow | null> {
  const [consumed] = await end(tx, 'VERIFIED', sql`${isRight(challenge, field)} and ${isAskerLive(limits)}`);
  return consumed ?? null;
}

/**
 * The same for a sign-in, without waiting: what follows in the transaction must fail where it was not consumed.
 * @param deviceId the device that it signs in
 */
export function consumeFor(tx: Tx, challenge: ChallengeRow, field: Answerable, deviceId: string): void {
  tx.write(ending(tx, 'VERIFIED', isRight(challenge, field), deviceId), (answer) => wakePushes(tx, answer));
  wakeAll(tx, challenge);
}

function isRight({ id }: ChallengeRow, field: Answerable): Fragment {
  return sql`c.id = ${id} and ${isAnsweredBy(field)} and c.code_given_at is not null
    and (c.epoch is null or exists (select 1 from account a where a.id = c.account_id and a.epoch = c.epoch))`;
}

/** Locks a challenge that takes no more: all its tries are used up. @returns false if it was over already */
export async function lock(tx: Tx, { id }: Pick<ChallengeRow, 'id'>): Promise<boolean> {
  const locked = await end(tx, 'LOCKED', sql`c.id = ${id}`);
  return locked.length === 1;
}

/** Ends a challenge because no code can be right for it any more. */
export async function cancel(tx: Tx, { id }: Pick<ChallengeRow, 'id'>): Promise<void> {
  await end(tx, 'CANCELLED', sql`c.id = ${id}`);
}

/** The owner of the account says that it is not theirs. @returns null if there is no such prompt, or it is over */
export async function deny(tx: Tx, challengeId: string, accountId: string): Promise<ChallengeRow | null> {
  const which = sql`c.id = ${challengeId} and c.account_id = ${accountId} and ${isPrompt('c')}`;
  const [denied] = await end(tx, 'DENIED', which);
  return denied ?? null;
}

/** SQL that is true where so many sign-ins of the account were denied a moment ago. */
export function isDeniedOften(accountId: string, limits: Limits): Fragment {
  return sql`${constant(limits.DENIALS_BEFORE_PAUSE)} <= (
    select count(*) from challenge c where c.account_id = ${accountId} and c.purpose = 'SIGN_IN' and c.state = 'DENIED'
      and c.ended_at > clock_timestamp() - make_interval(secs => ${constant(limits.DENIALS_WINDOW_SECONDS)}))`;
}

/** Ends the challenges of an account that wait and were made under its epoch, which is over. */
export function cancelPending(tx: Tx, accountId: string): void {
  cancelEach(tx, sql`c.account_id = ${accountId} and c.purpose = any(${constant(provenPurposes)})`);
}

/** Ends the set-ups that a session has begun: a newer one takes their place. */
export function cancelSetUps(tx: Tx, { accountId, id }: Pick<Session, 'accountId' | 'id'>): void {
  cancelEach(tx, sql`c.account_id = ${accountId} and c.purpose = 'ENABLE_TWO_STEP' and c.session_id = ${id}`);
}

/** Ends the proofs of an address that is to be an account's: another one is wanted, or a newer proof was begun. */
export function cancelAddressProofs(tx: Tx, accountId: string): void {
  cancelEach(tx, sql`c.account_id = ${accountId} and c.purpose = 'PROVE_ADDRESS'`);
}

/** What tells that an earlier sign-in is the same device's; null where nothing does. */
export interface Earlier {
  /** The device, where the account knows it. */
  readonly deviceId: string | null;
  /** The challenge that the client still holds, by its token. */
  readonly heldToken: string | null;
  /** The challenge that this browser was given last. */
  readonly givenId: string | null;
}

/**
 * Ends the sign-ins that the same device or browser has begun before: whoever goes back and signs in again must not find
 * the first one's code on his phone.
 */
export function cancelEarlierSignIns(tx: Tx, accountId: string, { deviceId, heldToken, givenId }: Earlier): void {
  const hash = heldToken === null ? null : tokenHash('chl', heldToken);
  const id = givenId !== null && isUuid(givenId) ? givenId : null;
  if (!deviceId && !hash && !id) return;
  cancelEach(
    tx,
    sql`c.account_id = ${accountId} and c.purpose = 'SIGN_IN'
      and (c.device_id = ${deviceId}::uuid or c.token_hash = ${hash}::bytea or c.id = ${id}::uuid)`,
  );
}

/** Ends a challenge that whoever holds its token has left. */
export function cancelByHolder(tx: Tx, hash: Buffer): void {
  cancelEach(tx, sql`c.token_hash = ${hash}`);
}

function cancelEach(tx: Tx, which: Fragment): void {
  tx.write(ending(tx, 'CANCELLED', which), (answer) => {
    for (const row of answer.rows) wakeAll(tx, row);
    wakePushes(tx, answer);
  });
}

/** Ends the challenges that are open, and wakes who listens. */
async function end(tx: Tx, state: EndState, which: Fragment): Promise<ChallengeRow[]> {
  const ended = await rowsOf<ChallengeRow & { isPushed: boolean }>(tx, ending(tx, state, which));
  for (const row of ended) wakeAll(tx, row);
  wakePushes(tx, { rows: ended });
  return ended;
}

type EndState = Exclude<ChallengeRow['state'], 'PENDING'>;

/**
 * One whose time is over stays EXPIRED: somebody may have been told so. The hash of an unfinished sign-up goes with it.
 * Backends are told of what was a prompt.
 * @param deviceId the device that it signs in; null where it signs in none
 */
function ending(tx: Tx, state: EndState, which: Fragment, deviceId: string | null = null): Fragment {
  return tellOver(
    tx,
    sql`update challenge c
        set state = ${state}, ended_at = clock_timestamp(), password_hash = null, signed_in_device_id = ${deviceId}
        where ${which} and ${isOpen('c')}
        returning ${columns(ChallengeRow, 'c')}`,
  );
}

/** Whoever answers it, and the devices of its account. */
function wakeAll(tx: Tx, { id, accountId }: Pick<ChallengeRow, 'id' | 'accountId'>): void {
  tx.wake(`challenge:${id}`);
  if (accountId) tx.wake(`account:${accountId}`);
}
