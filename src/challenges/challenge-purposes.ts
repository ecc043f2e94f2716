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
  /** As what trusted devices show it; null: on no screen but that of whoever answers it. */
  readonly prompt: 'LOGIN_REQUEST' | 'CONFIRMATION' | null;
}

export const purposeRules = {
  SIGN_UP: { isProven: false, digits: 'OPEN_CODE_DIGITS', prompt: null },
  SIGN_IN: { isProven: true, digits: 'CODE_DIGITS', prompt: 'LOGIN_REQUEST' },
  ENABLE_TWO_STEP: { isProven: true, digits: 'OPEN_CODE_DIGITS', prompt: null },
  RESET_PASSWORD: { isProven: false, digits: 'OPEN_CODE_DIGITS', prompt: null },
  CONFIRM: { isProven: true, digits: 'OPEN_CODE_DIGITS', prompt: 'CONFIRMATION' },
  DISABLE_TWO_STEP: { isProven: true, digits: 'OPEN_CODE_DIGITS', prompt: 'CONFIRMATION' },
  PROVE_ADDRESS: { isProven: true, digits: 'OPEN_CODE_DIGITS', prompt: null },
} as const satisfies Record<Purpose, PurposeRules>;
