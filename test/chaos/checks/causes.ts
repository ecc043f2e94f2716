import type { Change, SessionRecord, Tables } from '../tables.js';
import type { Check, Violation } from '../violation.js';

/** Each session has the cause that its row names, and each challenge opens one at most. */
export const checkCauses: Check = ({ tables }) => {
  const opened = tables.changesOf('session').filter(({ before }) => before === null);
  return [
    ...opened.flatMap((change) => {
      const fault = faultOf(tables, change, change.after);
      return fault
        ? [violation('every session has a cause that holds', `session ${change.after.id}: ${fault}`, change)]
        : [];
    }),
    ...tables.changesOf('challenge').flatMap((change) => {
      if (change.after.state !== 'VERIFIED' || change.before?.state === 'VERIFIED') return [];
      const { id, purpose } = change.after;
      const sessions = opened.filter(({ after }) => after.challengeId === id).length;
      const expected = purpose === 'SIGN_IN' || purpose === 'SIGN_UP' ? 1 : 0;
      const what = `challenge ${id} (${purpose}) was verified and has ${sessions} sessions, not ${expected}`;
      return sessions === expected ? [] : [violation('a challenge opens one session', what, change)];
    }),
  ];
};

/** Why the cause does not hold, looked up as it was when the session was opened; null if it does. */
function faultOf(tables: Tables, change: Change, session: SessionRecord): string | null {
  const account = tables.before('account', session.accountId, change);
  const device = tables.before('device', session.deviceId, change);
  if (!account) return 'there is no such account';
  if (!device || device.accountId !== account.id) return 'the device is not on the account';
  if (device.removedAt !== null) return 'the device was removed';
  switch (session.reason) {
    case 'NO_SECOND_STEP':
      return account.twoStepEnabledAt === null ? null : 'two-step verification was on';
    case 'TRUSTED_DEVICE':
      return device.trustedAt === null ? 'the device was not trusted' : null;
    case 'VERIFIED_CHALLENGE':
      return faultOfChallenge(tables, change, session, account);
    default:
      return `there is no reason ${session.reason}`;
  }
}

function faultOfChallenge(
  tables: Tables,
  change: Change,
  session: SessionRecord,
  account: { readonly id: string; readonly email: string; readonly epoch: number },
): string | null {
  const challenge = session.challengeId && tables.before('challenge', session.challengeId, change);
  if (!challenge) return 'there is no such challenge';
  if (challenge.state !== 'VERIFIED') return `the challenge was ${challenge.state}`;
  if (
    !tables.with(change).some(({ table, after }) => table === 'challenge' && 'id' in after && after.id === challenge.id)
  )
    return 'the challenge was verified before, by another request';
  if (challenge.codeGivenAt === null) return 'the code was never given to anybody';
  if (challenge.endedAt !== null && challenge.endedAt > challenge.expiresAt) return 'the challenge had expired';
  if (challenge.purpose === 'SIGN_UP') return challenge.email === account.email ? null : 'another address signed up';
  if (challenge.purpose !== 'SIGN_IN') return `the challenge was for ${challenge.purpose}`;
  if (challenge.accountId !== account.id) return "the challenge was another account's";
  return challenge.epoch === account.epoch ? null : 'the account was another by then: its epoch had risen';
}

function violation(promise: Violation['promise'], what: string, { after, at }: Change): Violation {
  const { id, accountId, challengeId } = after as Partial<SessionRecord>;
  return { promise, what, about: [id, challengeId, accountId].filter((about) => typeof about === 'string'), at };
}
