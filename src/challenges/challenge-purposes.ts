import type { Limits } from '../config/limits.js';
import type { Purpose } from './challenge.entity.js';

/** What tells the purposes of challenges apart; all else is the same for each. */
interface PurposeRules {
  /**
   * Whether the one who asks has proven the account first, here or to the product that holds it: only then may anything be
   * told that depends on the account.
   */
  readonly isProven: boolean;
  /** How long its codes are. */
  readonly digits: keyof Pick<Limits, 'CODE_DIGITS' | 'OPEN_CODE_DIGITS'>;
}

export const purposeRules = {
  SIGN_UP: { isProven: false, digits: 'OPEN_CODE_DIGITS' },
  SIGN_IN: { isProven: true, digits: 'CODE_DIGITS' },
  ENABLE_TWO_STEP: { isProven: true, digits: 'OPEN_CODE_DIGITS' },
  RESET_PASSWORD: { isProven: false, digits: 'OPEN_CODE_DIGITS' },
  CONFIRM: { isProven: true, digits: 'OPEN_CODE_DIGITS' },
  DISABLE_TWO_STEP: { isProven: true, digits: 'OPEN_CODE_DIGITS' },
} as const satisfies Record<Purpose, PurposeRules>;
