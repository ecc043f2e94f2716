import type { Purpose } from './challenge.entity.js';

/** Whether the one who asks has proven a password first; only then may anything be told that depends on the account. */
export function isPasswordProven(purpose: Purpose): boolean {
  return purpose === 'SIGN_IN' || purpose === 'ENABLE_TWO_STEP';
}
