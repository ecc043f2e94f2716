import { groupedBy } from '../grouping.js';
import type { ActivityRecord, Change, DeliveryRecord } from '../tables.js';
import type { Check, Evidence, Violation } from '../violation.js';

/** Written after the answer, or merged with others: not one for one. */
const loose = ['WRONG_CODE', 'WRONG_PASSWORD'];

const NOTICE_MERGED_MS = 61_000;

/** Each transaction writes the entries, and the mails, of what it does, and no others; the account's entries count up. */
export const checkEntries: Check = (evidence) => {
  const { tables } = evidence;
  const notices = groupedBy(tables.rows('delivery'), ({ accountId, notice }) => `${notice} ${accountId}`);
  const entries = groupedBy(tables.rows('activity'), ({ accountId }) => accountId);
  return [
    ...tables.together().flatMap((changes) => {
      const events = changes.flatMap((change) => eventsOf(change, changes));
      const written = changes.flatMap((change) => (isNew(change) && change.table === 'activity' ? [change.after] : []));
      return [...compared(changes, events, written), ...events.flatMap((event) => untold(notices, changes, event))];
    }),
    ...tables.rows('account').flatMap(({ id, activityCount }): Violation[] => {
      const numbers = (entries.get(id) ?? []).map((entry) => entry.number);
      const isWhole = numbers.length === activityCount && new Set(numbers).size === activityCount;
      const what = `account ${id} has ${numbers.length} entries, and counted ${activityCount}`;
      return isWhole ? [] : [{ promise: 'every event makes one entry of the activity', what, about: [id], at: null }];
    }),
    ...wrongCodes(evidence),
  ];
};

/** Something that is worth an entry: its type, and the device that a mail about it names, where there is one. */
interface Event {
  readonly type: string;
  readonly accountId: string;
  readonly notice: string | null;
  readonly deviceName?: string;
}

function isNew({ before }: Change): boolean {
  return before === null;
}

function eventsOf(change: Change, together: readonly Change[]): Event[] {
  switch (change.table) {
    case 'account': {
      const { before, after } = change;
      const event = (type: string, notice: string | null): Event => ({ type, accountId: after.id, notice });
      if (!before) return [event('SIGNED_UP', null)];
      const isReset = together.some(
        (other) =>
          other.table === 'challenge' && other.after.purpose === 'RESET_PASSWORD' && other.after.state === 'VERIFIED',
      );
      const password = isReset
        ? event('PASSWORD_RESET', 'PASSWORD_RESET')
        : event('PASSWORD_CHANGED', 'PASSWORD_CHANGED');
      const twoStep = after.twoStepEnabledAt === null ? 'TWO_STEP_DISABLED' : 'TWO_STEP_ENABLED';
      return [
        ...(after.passwordHash === before.passwordHash ? [] : [password]),
        ...(after.twoStepEnabledAt === before.twoStepEnabledAt ? [] : [event(twoStep, twoStep)]),
      ];
    }
    case 'session': {
      const { before, after } = change;
      if (!before) return [{ type: 'SIGNED_IN', accountId: after.accountId, notice: null }];
      // One entry for a device, however many sessions it had.
      const ofDevice = together.filter(
        (other) =>
          other.table === 'session' &&
          other.after.deviceId === after.deviceId &&
          other.before?.endedAt === null &&
          other.after.endedAt !== null,
      );
      const isSignOut = ofDevice[0] === change && !isSwept(together) && !raisesEpoch(together);
      return isSignOut ? [{ type: 'SIGNED_OUT', accountId: after.accountId, notice: null }] : [];
    }
    case 'device': {
      const { before, after } = change;
      const { accountId, name: deviceName } = after;
      const isRemoval = before?.removedAt === null && after.removedAt !== null && !isSwept(together);
      const isTrust = after.trustedAt !== null && after.trustedAt !== before?.trustedAt;
      return [
        ...(isRemoval ? [{ type: 'DEVICE_REMOVED', accountId, notice: 'DEVICE_REMOVED', deviceName }] : []),
        ...(isTrust ? [{ type: 'DEVICE_TRUSTED', accountId, notice: null }] : []),
      ];
    }
    case 'challenge': {
      const { before, after } = change;
      if (!before || !after.accountId || before.state === after.state) return [];
      if (after.state === 'DENIED')
        return [{ type: 'LOGIN_DENIED', accountId: after.accountId, notice: 'LOGIN_DENIED' }];
      const isProven = after.purpose === 'SIGN_IN' || after.purpose === 'ENABLE_TWO_STEP';
      return after.state === 'LOCKED' && isProven
        ? [{ type: 'CHALLENGE_LOCKED', accountId: after.accountId, notice: null }]
        : [];
    }
    case 'delivery':
      return change.before ? [] : codeRequested(change, together);
    default:
      return [];
  }
}

function codeRequested({ after }: Extract<Change, { table: 'delivery' }>, together: readonly Change[]): Event[] {
  const challenge = together.find((other) => other.table === 'challenge' && other.after.id === after.challengeId);
  if (challenge?.table !== 'challenge' || !challenge.after.accountId) return [];
  const { purpose, accountId } = challenge.after;
  return purpose === 'RESET_PASSWORD' ? [] : [{ type: 'CODE_REQUESTED', accountId, notice: null }];
}

/** The scheduled clean-up: it ends what nobody used, and touches no account. */
function isSwept(together: readonly Change[]): boolean {
  return !together.some(({ table }) => table === 'account');
}

function raisesEpoch(together: readonly Change[]): boolean {
  return together.some(
    ({ table, before, after }) => table === 'account' && before !== null && after.epoch > before.epoch,
  );
}

function compared(
  changes: readonly Change[],
  events: readonly Event[],
  written: readonly ActivityRecord[],
): Violation[] {
  const expected = events.map(({ type, accountId }) => `${type} ${accountId}`).sort();
  const actual = written
    .filter(({ type }) => !loose.includes(type))
    .map(({ type, accountId }) => `${type} ${accountId}`)
    .sort();
  if (expected.join() === actual.join()) return [];
  const [first] = changes;
  const about = [...new Set([...events, ...written].map(({ accountId }) => accountId))];
  const what = `in one transaction there happened [${expected.join(', ')}], and was written [${actual.join(', ')}]`;
  return [{ promise: 'every event makes one entry of the activity', what, about, at: first?.at ?? null }];
}

/** The same within a minute is mailed once. */
function untold(
  notices: ReadonlyMap<string, readonly DeliveryRecord[]>,
  changes: readonly Change[],
  { notice, accountId, deviceName }: Event,
): Violation[] {
  const at = changes[0]?.at ?? 0;
  if (notice === null) return [];
  const isTold = notices
    .get(`${notice} ${accountId}`)
    ?.some(
      (delivery) =>
        (deviceName === undefined || delivery.facts?.deviceName === deviceName) &&
        delivery.createdAt > at - NOTICE_MERGED_MS &&
        delivery.createdAt <= at + NOTICE_MERGED_MS,
    );
  const what = `nobody was mailed ${notice} of account ${accountId}`;
  return isTold ? [] : [{ promise: 'every security event is mailed', what, about: [accountId], at }];
}

/** A wrong code that somebody was told of is in the activity. */
function wrongCodes({ history, tables }: Evidence): Violation[] {
  const told = history.operations.filter(({ got, sent }) => {
    const purpose = tables.row('challenge', sent.challengeId ?? '')?.purpose;
    return got.answer === 'WrongCode' && (purpose === 'SIGN_IN' || purpose === 'ENABLE_TWO_STEP');
  });
  const entries = tables.rows('activity').filter(({ type }) => type === 'WRONG_CODE');
  const byAccount = groupedBy(told, ({ sent }) => tables.row('challenge', sent.challengeId ?? '')?.accountId ?? '');
  return [...byAccount].flatMap(([accountId, { length }]): Violation[] => {
    const written = entries.filter((entry) => entry.accountId === accountId).length;
    const what = `account ${accountId} was told of ${length} wrong codes, and its activity of ${written}`;
    if (length <= written) return [];
    return [{ promise: 'every event makes one entry of the activity', what, about: [accountId], at: null }];
  });
}
