import type { Change } from '../tables.js';
import type { Check, Violation } from '../violation.js';

/** Nothing that is over comes back, and no count or epoch ever falls. */
export const checkEndings: Check = ({ tables, terms }) =>
  tables.changes.flatMap((change) => {
    const fault = faultOf(change, terms.challengeTries);
    if (!fault) return [];
    const { id } = change.after as { id: string };
    return [
      { promise: 'what has ended stays ended', what: `${change.table} ${id}: ${fault}`, about: [id], at: change.at },
    ];
  });

function faultOf(change: Change, challengeTries: number): string | null {
  switch (change.table) {
    case 'account': {
      const { before, after } = change;
      return before && after.epoch < before.epoch ? 'the epoch fell' : null;
    }
    case 'session': {
      const { before, after } = change;
      if (!before || before.endedAt === null) return null;
      if (after.endedAt !== before.endedAt) return 'its end was moved';
      return after.tokenHash === before.tokenHash ? null : 'it was given a token after its end';
    }
    case 'device': {
      const { before, after } = change;
      if (!before || before.removedAt === null) return null;
      return after.removedAt === before.removedAt && after.trustedAt === null ? null : 'it came back';
    }
    case 'challenge': {
      const { before, after } = change;
      if (after.tries > challengeTries) return `${after.tries} tries`;
      if (!before) return null;
      if (after.tries < before.tries || after.sends < before.sends) return 'tries or sends were given back';
      if (before.state === 'PENDING') return null;
      if (after.state !== before.state) return `it was ${before.state} and became ${after.state}`;
      return after.tries === before.tries && after.sends === before.sends ? null : 'a try or a send after its end';
    }
    case 'delivery': {
      const { before, after } = change;
      const isOver = before?.state === 'SENT' || before?.state === 'FAILED';
      return isOver && after.state !== before.state ? `it was ${before.state} and became ${after.state}` : null;
    }
    default:
      return null;
  }
}

/** The account's count of failures moves with the tries of its sign-ins, and is forgiven by success or a new password alone. */
export const checkFailures: Check = ({ tables }) =>
  tables.together().flatMap((changes): Violation[] => {
    const tried = changes.filter(
      ({ table, before, after }) =>
        table === 'challenge' && after.purpose === 'SIGN_IN' && before !== null && after.tries > before.tries,
    );
    const counts = changes.filter(
      ({ table, before, after }) =>
        table === 'account' && before !== null && after.codeFailures !== before.codeFailures,
    );
    const first = tried[0] ?? counts[0];
    if (!first) return [];
    const isForgiven = changes.some(
      ({ table, before, after }) =>
        (table === 'challenge' && after.purpose === 'SIGN_IN' && after.state === 'VERIFIED') ||
        (table === 'account' && before !== null && after.passwordHash !== before.passwordHash),
    );
    const rises = counts.filter(
      ({ table, before, after }) => table === 'account' && before && after.codeFailures > before.codeFailures,
    );
    const isRight = isForgiven ? rises.length === 0 : tried.length === 1 && rises.length === 1 && counts.length === 1;
    if (isRight) return [];
    const { id } = first.after as { id: string };
    const what = `${tried.length} tries and ${rises.length} counted failures in one transaction, ${first.table} ${id}`;
    return [{ promise: 'a try is counted before a code is compared', what, about: [id], at: first.at }];
  });
