import { groupedBy } from '../grouping.js';
import type { Operation } from '../history.js';
import type { Check, Evidence, Violation } from '../violation.js';

const purposes: Readonly<Partial<Record<Operation['kind'], readonly string[]>>> = {
  verifyCode: ['SIGN_IN', 'SIGN_UP'],
  enableTwoStep: ['ENABLE_TWO_STEP'],
  resetPassword: ['RESET_PASSWORD'],
};

/** Only right codes get in, all of them are counted, and a code that somebody was shown is the right one. */
export const checkCodes: Check = (evidence) => {
  const { history, tables } = evidence;
  const typed = history.operations.filter(({ kind, sent }) => kind in purposes && sent.challengeId !== undefined);
  const byChallenge = groupedBy(typed, ({ sent }) => sent.challengeId ?? '');
  return [
    ...typed.flatMap((operation) => wronglyAnswered(evidence, operation)),
    ...[...byChallenge].flatMap(([id, operations]): Violation[] => {
      const compared = operations.filter(({ outcome, got }) => outcome === 'ok' || got.answer === 'WrongCode');
      const tries = tables.row('challenge', id)?.tries ?? 0;
      if (compared.length <= tries && tries <= operations.length) return [];
      const what = `challenge ${id}: ${compared.length} codes were compared, ${operations.length} sent, ${tries} tries counted`;
      return [{ promise: 'a try is counted before a code is compared', what, about: [id], at: null }];
    }),
    ...history.sockets.flatMap(({ events }) =>
      events.flatMap(({ challengeId, state, code, at }): Violation[] => {
        const isRight = code === (state === 'PENDING' ? tables.codes.get(challengeId) : null);
        const what = `the request ${challengeId}, ${state}, was shown with the code ${code}`;
        return isRight ? [] : [{ promise: 'a code that was given out is right', what, about: [challengeId], at }];
      }),
    ),
  ];
};

function wronglyAnswered({ history, tables }: Evidence, operation: Operation): Violation[] {
  const { kind, outcome, sent, got, answeredAt: at } = operation;
  const id = sent.challengeId ?? '';
  const challenge = tables.row('challenge', id);
  const isRight = sent.code === tables.codes.get(id) && purposes[kind]?.includes(challenge?.purpose ?? '') === true;
  if (outcome === 'ok' && !isRight) {
    return [
      { promise: 'a wrong code opens nothing', what: `${kind} took ${sent.code} for challenge ${id}`, about: [id], at },
    ];
  }
  // Of several resets one is done, and that makes the codes of the others wrong.
  if (got.answer !== 'WrongCode' || !isRight || challenge?.purpose === 'RESET_PASSWORD') return [];
  const isGiven =
    history.mails.some((mail) => mail.code === sent.code && mail.isTaken && mail.at < operation.invokedAt) ||
    history.sockets.some(({ events }) =>
      events.some((event) => event.code === sent.code && event.at < operation.invokedAt),
    );
  if (!isGiven) return [];
  return [
    { promise: 'a code that was given out is right', what: `${kind} refused the code of ${id}`, about: [id], at },
  ];
}

/** Only a password in force is taken: none that nobody ever set, and none from before a new one stood. */
export const checkPasswords: Check = ({ history }) => {
  const { operations } = history;
  const setting = new Map<string, Operation>();
  for (const operation of operations) {
    const password = operation.kind === 'signUp' ? operation.sent.password : operation.sent.newPassword;
    if (password !== undefined) setting.set(`${operation.email} ${password}`, operation);
  }
  const replacing = groupedBy(
    operations.filter(({ outcome, sent }) => outcome === 'ok' && sent.newPassword !== undefined),
    ({ email }) => email,
  );
  return operations.flatMap(({ kind, email, outcome, sent, invokedAt }): Violation[] => {
    if (outcome !== 'ok' || sent.password === undefined || kind === 'signUp') return [];
    const set = setting.get(`${email} ${sent.password}`);
    const violated = (what: string): Violation[] => [
      {
        promise: 'only the password in force is taken',
        what: `${kind} took a password ${what}`,
        about: [email],
        at: invokedAt,
      },
    ];
    if (!set) return violated('that nobody ever set');
    // No password is set twice: one that stood before another did, and had given way to it, does not come back.
    const stoodAt = set.outcome === 'unknown' ? Number.POSITIVE_INFINITY : set.answeredAt;
    const since = replacing
      .get(email)
      ?.find((change) => change !== set && stoodAt < change.invokedAt && change.answeredAt < invokedAt);
    return since ? violated(`that was replaced ${invokedAt - since.answeredAt} ms before`) : [];
  });
};
