import { registerEnumType } from 'type-graphql';
import { enumOf } from '../api/enums.js';

/** What a product's backend can have verified. */
export const verificationPurposes = ['ENABLE_TWO_STEP', 'DISABLE_TWO_STEP', 'SIGN_IN', 'CONFIRM'] as const;
export type VerificationPurposeName = (typeof verificationPurposes)[number];

export const VerificationPurpose = enumOf(verificationPurposes);
registerEnumType(VerificationPurpose, { name: 'VerificationPurpose' });
