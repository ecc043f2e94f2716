import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { PersonName } from '../accounts/reach.js';
import { type ActionText, actionText } from '../api/action-text.js';
import { BadUserInput } from '../api/errors.js';
import { requireOneOf } from '../api/ids.js';
import type { VerificationPurposeName } from '../challenges/verification-purpose.js';
import { isRequestId } from './request-id.js';
import type { VerificationInput } from './verification.types.js';

/** What a backend asks to be verified, after everything about it that can be judged by itself. */
export interface AskedVerification {
  readonly requestId: string;
  readonly person: PersonName;
  readonly purpose: VerificationPurposeName;
  /** Null: no first factor was proven for it. */
  readonly epoch: number | null;
  readonly action: ActionText | null;
  /** The session that asks; null: a device that is about to get one. */
  readonly sessionId: string | null;
  /** SHA-256 of all of it: who asks again for the same is told the same, and who asks for anything else is not. */
  readonly inputHash: Buffer;
}

type Needed = 'required' | 'allowed' | 'refused';

/** What each purpose is asked with. */
const wanted: Readonly<
  Record<VerificationPurposeName, Readonly<Record<'accountId' | 'epoch' | 'action' | 'sessionId', Needed>>>
> = {
  SIGN_IN: { accountId: 'refused', epoch: 'required', action: 'refused', sessionId: 'refused' },
  ENABLE_TWO_STEP: { accountId: 'refused', epoch: 'required', action: 'refused', sessionId: 'refused' },
  DISABLE_TWO_STEP: { accountId: 'refused', epoch: 'required', action: 'refused', sessionId: 'required' },
  CONFIRM: { accountId: 'allowed', epoch: 'allowed', action: 'required', sessionId: 'required' },
};

/** @throws BadUserInput */
export function readInput(input: VerificationInput): AskedVerification {
  const { requestId, purpose } = input;
  if (!isRequestId(requestId)) {
    throw new BadUserInput('input.requestId', 'must be 1 to 128 characters of visible ASCII');
  }
  requireOneOf({ 'input.externalId': input.externalId, 'input.accountId': input.accountId });
  for (const [name, needed] of Object.entries(wanted[purpose])) {
    const isGiven = input[name as keyof VerificationInput] != null;
    if (needed === 'required' && !isGiven) throw new BadUserInput(`input.${name}`, `must be given for ${purpose}`);
    if (needed === 'refused' && isGiven) throw new BadUserInput(`input.${name}`, `must not be given for ${purpose}`);
  }
  const { externalId = null, accountId = null, epoch = null, sessionId = null } = input;
  const action = input.action ? actionText(input.action, 'input.action') : null;
  const asked = { externalId, accountId, purpose, epoch, action, sessionId };
  const inputHash = createHash('sha256')
    .update(String(canonicalize(asked)))
    .digest();
  return { requestId, person: { externalId, accountId }, purpose, epoch, action, sessionId, inputHash };
}
