import type { Limits } from '../config/limits.js';
import { type Fragment, raw } from '../sql/statement.js';

interface FailureRules {
  /** The columns of `account`. */
  readonly failures: Fragment;
  readonly pausedUntil: Fragment;
  /** So many pause it, for `ACCOUNT_PAUSE_SECONDS` at first. */
  readonly beforePause: keyof Limits;
  /** So many stop it until the password is another; null: it is never more than paused. */
  readonly beforeStop: keyof Limits | null;
}

/** Wrong codes in a row on an account, counted apart: what is guessed in one place is paused there, and nowhere else. */
export const failureCounts = {
  SIGN_IN: {
    failures: raw('code_failures'),
    pausedUntil: raw('paused_until'),
    beforePause: 'ACCOUNT_TRIES_BEFORE_PAUSE',
    beforeStop: 'ACCOUNT_TRIES_BEFORE_STOP',
  },
  CONFIRM: {
    failures: raw('confirm_failures'),
    pausedUntil: raw('confirm_paused_until'),
    beforePause: 'CONFIRM_TRIES_BEFORE_PAUSE',
    beforeStop: null,
  },
} as const satisfies Record<string, FailureRules>;
export type FailureCount = keyof typeof failureCounts;
