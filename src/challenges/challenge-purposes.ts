import type { FailureCount } from '../accounts/failure-counts.js';
import type { Limits } from '../config/limits.js';
import { type Purpose, purposes } from './challenge.entity.js';

/** What tells the purposes of challenges apart; all else is the same for each. */
interface PurposeRules {
  /**
   * Whether the one who asks has proven the account first, here or to the product that holds it: only then may anything be
   * told that depends on the account.
   */
  readonly isProven: boolean;
  /** How long its codes are. */
  readonly digits: keyof Pick<Limits, 'CODE_DIGITS' | 'OPEN_CODE_DIGITS'>;
  /** As what trusted devices show it; null: on no screen but that of whoever answers it. */
  readonly prompt: 'LOGIN_REQUEST' | 'CONFIRMATION' | null;
  /**
   * How its code goes out: APP or EMAIL, as the one who types it likes; EMAIL alone; APP alone where another trusted device
   * can show it, else EMAIL, since mail may be read where it is asked for.
   */
  readonly ways: 'EITHER' | 'EMAIL' | 'APP_ELSE_EMAIL';
  /** Among which wrong codes in a row on the account its own count; null: its digits, and how often it is mailed, have to do. */
  readonly failures: FailureCount | null;
  /** How many an account starts in an hour, all under the same number together; null: not counted by account. */
  readonly startsPerHour: keyof Pick<Limits, 'CHALLENGES_PER_ACCOUNT_HOUR' | 'CONFIRMS_PER_ACCOUNT_HOUR'> | null;
}

/** What a stranger can start. */
const open = {
  isProven: false,
  digits: 'OPEN_CODE_DIGITS',
  prompt: null,
  ways: 'EMAIL',
  failures: null,
  startsPerHour: null,
} as const;

export const purposeRules = {
  SIGN_UP: open,
  SIGN_IN: {
    isProven: true,
    digits: 'CODE_DIGITS',
    prompt: 'LOGIN_REQUEST',
    ways: 'EITHER',
    failures: 'SIGN_IN',
    startsPerHour: 'CHALLENGES_PER_ACCOUNT_HOUR',
  },
  ENABLE_TWO_STEP: {
    isProven: true,
    digits: 'OPEN_CODE_DIGITS',
    prompt: null,
    ways: 'EMAIL',
    failures: null,
    startsPerHour: 'CHALLENGES_PER_ACCOUNT_HOUR',
  },
  RESET_PASSWORD: open,
  CONFIRM: {
    isProven: true,
    digits: 'OPEN_CODE_DIGITS',
    prompt: 'CONFIRMATION',
    ways: 'APP_ELSE_EMAIL',
    failures: 'CONFIRM',
    startsPerHour: 'CONFIRMS_PER_ACCOUNT_HOUR',
  },
  DISABLE_TWO_STEP: {
    isProven: true,
    digits: 'OPEN_CODE_DIGITS',
    prompt: 'CONFIRMATION',
    ways: 'APP_ELSE_EMAIL',
    failures: 'CONFIRM',
    startsPerHour: 'CONFIRMS_PER_ACCOUNT_HOUR',
  },
  PROVE_ADDRESS: {
    isProven: true,
    digits: 'OPEN_CODE_DIGITS',
    prompt: null,
    ways: 'EMAIL',
    failures: null,
    startsPerHour: 'CONFIRMS_PER_ACCOUNT_HOUR',
  },
} as const satisfies Record<Purpose, PurposeRules>;

/** The purposes that are counted under the same number of starts as this one. */
export function startedAlike(purpose: Purpose): Purpose[] {
  return purposes.filter((other) => purposeRules[other].startsPerHour === purposeRules[purpose].startsPerHour);
}
