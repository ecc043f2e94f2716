export type { AdmissionOptions, CookieOptions } from './admission.js';
export { type CheckOptions, type Doorstep, type DoorstepOptions, doorstep, type PageOptions } from './doorstep.js';
export { DoorstepError, type DoorstepErrorCode } from './errors.js';
export type { FeedOptions } from './feed.js';
export type {
  Action,
  EventPage,
  EventType,
  FeedEvent,
  LiveSession,
  SessionReason,
  Subject,
  Verification,
  VerificationMethod,
  VerificationPurpose,
  Verified,
} from './operations.js';
export { returnState, type SignInOptions, sameState, signInAddress } from './returns.js';
export type {
  ConfirmOptions,
  ExternalId,
  StartedVerification,
  SubjectOptions,
  VerifyOptions,
} from './verifications.js';
export { type WakeUp, wakeUpOf } from './wake-ups.js';
export { verifyWebhook, type Webhook, type WebhookHeaders, WebhookInvalid } from './webhooks.js';
