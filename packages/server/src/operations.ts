// Written by npm run server:operations from operations.graphql and backend.graphql.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { Operation } from './endpoint.js';
export type ActionFieldInput = {
  /** 1 to 32 characters. */
  readonly label: string;
  /** 1 to 64 characters. */
  readonly value: string;
};

/** Shown on the trusted device and in the mail, word for word, framed as '<client> asks'. Normalised to NFC; control, bidirectional, invisible and line-break characters, runs of blanks and stacked marks are refused; nothing in it is linked. */
export type ActionInput = {
  /** At most 5. */
  readonly fields: ReadonlyArray<ActionFieldInput>;
  /** 1 to 80 characters. */
  readonly title: string;
};

/** Only a PENDING challenge takes codes. */
export type ChallengeState =
  /** Another event ended it: a change or reset of the password, two-step turned off, the device removed, a newer sign-in of the same device, the same session's newer set-up; or whoever held it has left it. */
  | 'CANCELLED'
  /** A trusted device answered 'this was not me'. */
  | 'DENIED'
  /** Its time is over. */
  | 'EXPIRED'
  /** Too many wrong codes. */
  | 'LOCKED'
  /** It waits for its code. */
  | 'PENDING'
  /** Its code was typed. */
  | 'VERIFIED';

/** What an event tells of. */
export type EventType =
  | 'ADDRESS_CHANGED'
  | 'CODE_OVER'
  | 'CONFIRMATION_DENIED'
  | 'CONFIRMATION_REQUESTED'
  | 'COPIED_TOKEN'
  | 'DEVICE_REMOVED'
  | 'DEVICE_TRUSTED'
  | 'HEARTBEAT'
  | 'LOGIN_DENIED'
  | 'LOGIN_REQUESTED'
  | 'PASSWORD_CHANGED'
  | 'SESSION_ENDED'
  | 'SESSION_STARTED'
  | 'SUBJECT_DELETED'
  | 'TRUST_ENDED'
  | 'TWO_STEP_DISABLED'
  | 'TWO_STEP_ENABLED'
  | 'VERIFIED';

/** Why a session could be opened. */
export type SessionReason =
  | 'HAND_OVER'
  | 'NO_SECOND_STEP'
  | 'TRUSTED_DEVICE'
  | 'VERIFIED_CHALLENGE';

/** A user of yours. */
export type SubjectInput = {
  readonly email: string;
  /** 1 to 128 visible ASCII characters, compared byte by byte. */
  readonly externalId: string;
  /** BCP 47; the nearest of ours is taken. Null: as it was, and English for a new one. While two-step is on it is the one in which somebody was let in last, whatever this says. */
  readonly locale?: string | null | undefined;
};

export type VerificationInput = {
  readonly accountId?: string | null | undefined;
  /** CONFIRM only, and required there: what the code will stand for. */
  readonly action?: ActionInput | null | undefined;
  /** SIGN_IN, ENABLE_TWO_STEP, DISABLE_TWO_STEP: the subject's epoch as you read it before you compared the first factor. */
  readonly epoch?: number | null | undefined;
  /** A subject of yours; or an own account by accountId, for CONFIRM only. */
  readonly externalId?: string | null | undefined;
  readonly purpose: VerificationPurpose;
  /** Yours; 1 to 128 visible ASCII characters, unique for ever. Makes the call safe to repeat. */
  readonly requestId: string;
  /** CONFIRM and DISABLE_TWO_STEP, required there: the live session that asks. Its own device is not shown the code. */
  readonly sessionId?: string | null | undefined;
};

/** How a code goes out. */
export type VerificationMethod =
  /** Shown live on the account's trusted devices. */
  | 'APP'
  /** Sent to the account's address. A weaker check than APP: it proves a mailbox, not a device. */
  | 'EMAIL';

export type VerificationPurpose =
  | 'CONFIRM'
  | 'DISABLE_TWO_STEP'
  | 'ENABLE_TWO_STEP'
  | 'SIGN_IN';

export type LiveSessionFragment = { readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number };

export type FeedEventFragment = { readonly id: string, readonly cursor: string, readonly type: EventType, readonly occurredAt: string, readonly accountId: string | null, readonly externalId: string | null, readonly sessionId: string | null, readonly deviceId: string | null, readonly deviceIds: ReadonlyArray<string> | null, readonly promptId: string | null, readonly requestId: string | null, readonly purpose: VerificationPurpose | null, readonly expiresAt: string | null };

export type EventPageFragment = { readonly cursor: string, readonly hasMore: boolean, readonly events: ReadonlyArray<{ readonly id: string, readonly cursor: string, readonly type: EventType, readonly occurredAt: string, readonly accountId: string | null, readonly externalId: string | null, readonly sessionId: string | null, readonly deviceId: string | null, readonly deviceIds: ReadonlyArray<string> | null, readonly promptId: string | null, readonly requestId: string | null, readonly purpose: VerificationPurpose | null, readonly expiresAt: string | null }> };

export type CheckSessionQueryVariables = Exact<{
  token?: string | null | undefined;
  id?: string | null | undefined;
  usedFrom?: string | null | undefined;
}>;


export type CheckSessionQuery = { readonly session: { readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number } | null };

export type ReadEventsQueryVariables = Exact<{
  after?: string | null | undefined;
  first: number;
  types?: ReadonlyArray<EventType> | EventType | null | undefined;
}>;


export type ReadEventsQuery = { readonly events: { readonly cursor: string, readonly hasMore: boolean, readonly events: ReadonlyArray<{ readonly id: string, readonly cursor: string, readonly type: EventType, readonly occurredAt: string, readonly accountId: string | null, readonly externalId: string | null, readonly sessionId: string | null, readonly deviceId: string | null, readonly deviceIds: ReadonlyArray<string> | null, readonly promptId: string | null, readonly requestId: string | null, readonly purpose: VerificationPurpose | null, readonly expiresAt: string | null }> } };

export type FollowEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
  types?: ReadonlyArray<EventType> | EventType | null | undefined;
}>;


export type FollowEventsSubscription = { readonly events: { readonly id: string, readonly cursor: string, readonly type: EventType, readonly occurredAt: string, readonly accountId: string | null, readonly externalId: string | null, readonly sessionId: string | null, readonly deviceId: string | null, readonly deviceIds: ReadonlyArray<string> | null, readonly promptId: string | null, readonly requestId: string | null, readonly purpose: VerificationPurpose | null, readonly expiresAt: string | null } };

export type RedeemReturnMutationVariables = Exact<{
  code: string;
  state: string;
}>;


export type RedeemReturnMutation = { readonly redeemReturn:
    | { readonly __typename: 'LiveSession', readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number }
    | { readonly __typename: 'ReturnVoid' }
   };

export type SubjectFragment = { readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly pendingEmail: string | null, readonly epoch: number, readonly twoStepEnabled: boolean };

export type ActionFragment = { readonly title: string, readonly fields: ReadonlyArray<{ readonly label: string, readonly value: string }> };

export type VerificationFragment = { readonly requestId: string, readonly externalId: string | null, readonly accountId: string, readonly purpose: VerificationPurpose, readonly state: ChallengeState, readonly startedAt: string, readonly expiresAt: string, readonly redeemedAt: string | null, readonly method: VerificationMethod | null, readonly action: { readonly title: string, readonly fields: ReadonlyArray<{ readonly label: string, readonly value: string }> } | null, readonly session: { readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number } | null };

export type VerifiedFragment = { readonly externalId: string | null, readonly accountId: string, readonly purpose: VerificationPurpose, readonly method: VerificationMethod | null, readonly verifiedAt: string, readonly session: { readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number } | null, readonly action: { readonly title: string, readonly fields: ReadonlyArray<{ readonly label: string, readonly value: string }> } | null };

export type ReadSubjectQueryVariables = Exact<{
  externalId: string;
}>;


export type ReadSubjectQuery = { readonly person: { readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly pendingEmail: string | null, readonly epoch: number, readonly twoStepEnabled: boolean } | null };

export type PutSubjectMutationVariables = Exact<{
  input: SubjectInput;
}>;


export type PutSubjectMutation = { readonly putSubject: { readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly pendingEmail: string | null, readonly epoch: number, readonly twoStepEnabled: boolean } };

export type StartVerificationMutationVariables = Exact<{
  input: VerificationInput;
}>;


export type StartVerificationMutation = { readonly startVerification:
    | { readonly __typename: 'NoMethod', readonly message: string }
    | { readonly __typename: 'StaleFirstFactor', readonly message: string }
    | { readonly __typename: 'TemporarilyLocked', readonly message: string, readonly retryAt: string | null }
    | { readonly __typename: 'TwoStepAlreadyEnabled', readonly message: string }
    | { readonly __typename: 'TwoStepOff', readonly message: string }
    | { readonly __typename: 'UnknownSubject', readonly message: string }
    | { readonly __typename: 'VerificationStarted', readonly challengeToken: string, readonly verification: { readonly requestId: string, readonly externalId: string | null, readonly accountId: string, readonly purpose: VerificationPurpose, readonly state: ChallengeState, readonly startedAt: string, readonly expiresAt: string, readonly redeemedAt: string | null, readonly method: VerificationMethod | null, readonly action: { readonly title: string, readonly fields: ReadonlyArray<{ readonly label: string, readonly value: string }> } | null, readonly session: { readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number } | null } }
   };

export type RedeemReceiptMutationVariables = Exact<{
  requestId: string;
  receipt: string;
}>;


export type RedeemReceiptMutation = { readonly redeemReceipt:
    | { readonly __typename: 'ReceiptVoid' }
    | { readonly __typename: 'Verified', readonly externalId: string | null, readonly accountId: string, readonly purpose: VerificationPurpose, readonly method: VerificationMethod | null, readonly verifiedAt: string, readonly session: { readonly id: string, readonly accountId: string, readonly externalId: string | null, readonly email: string, readonly deviceId: string, readonly deviceName: string, readonly isTrusted: boolean, readonly reason: SessionReason, readonly provenAt: string | null, readonly createdAt: string, readonly lastUsedAt: string | null, readonly expiresAt: string, readonly mayBeKept: number } | null, readonly action: { readonly title: string, readonly fields: ReadonlyArray<{ readonly label: string, readonly value: string }> } | null }
   };

/** Somebody who is signed in on a device. */
export type LiveSession = LiveSessionFragment;
/** Something that happened to one of your people. */
export type FeedEvent = FeedEventFragment;
/** A part of the feed. */
export type EventPage = EventPageFragment;
/** One of your people, for the support desk. */
export type Subject = SubjectFragment;
/** What a code stands for, word for word. */
export type Action = ActionFragment;
/** What you have asked to be verified. */
export type Verification = VerificationFragment;
/** Proven, and told once. */
export type Verified = VerifiedFragment;
export const checkSession: Operation<CheckSessionQuery, CheckSessionQueryVariables> = {
  query: "query CheckSession($token:String$id:ID$usedFrom:IP){session(token:$token id:$id usedFrom:$usedFrom){...LiveSession}}fragment LiveSession on LiveSession{id accountId externalId email deviceId deviceName isTrusted reason provenAt createdAt lastUsedAt expiresAt mayBeKept}",
};
export const readEvents: Operation<ReadEventsQuery, ReadEventsQueryVariables> = {
  query: "query ReadEvents($after:ID$first:Int!$types:[EventType!]){events(after:$after first:$first types:$types){...EventPage}}fragment EventPage on EventPage{events{...FeedEvent}cursor hasMore}fragment FeedEvent on Event{id cursor type occurredAt accountId externalId sessionId deviceId deviceIds promptId requestId purpose expiresAt}",
};
export const followEvents: Operation<FollowEventsSubscription, FollowEventsSubscriptionVariables> = {
  query: "subscription FollowEvents($after:ID$types:[EventType!]){events(after:$after types:$types){...FeedEvent}}fragment FeedEvent on Event{id cursor type occurredAt accountId externalId sessionId deviceId deviceIds promptId requestId purpose expiresAt}",
};
export const redeemReturn: Operation<RedeemReturnMutation, RedeemReturnMutationVariables> = {
  query: "mutation RedeemReturn($code:String!$state:String!){redeemReturn(code:$code state:$state){__typename ...on LiveSession{...LiveSession}}}fragment LiveSession on LiveSession{id accountId externalId email deviceId deviceName isTrusted reason provenAt createdAt lastUsedAt expiresAt mayBeKept}",
};
export const readSubject: Operation<ReadSubjectQuery, ReadSubjectQueryVariables> = {
  query: "query ReadSubject($externalId:ID!){person(externalId:$externalId){...Subject}}fragment Subject on Person{accountId externalId email pendingEmail epoch twoStepEnabled}",
};
export const putSubject: Operation<PutSubjectMutation, PutSubjectMutationVariables> = {
  query: "mutation PutSubject($input:SubjectInput!){putSubject(input:$input){...Subject}}fragment Subject on Person{accountId externalId email pendingEmail epoch twoStepEnabled}",
};
export const startVerification: Operation<StartVerificationMutation, StartVerificationMutationVariables> = {
  query: "mutation StartVerification($input:VerificationInput!){startVerification(input:$input){__typename ...on VerificationStarted{challengeToken verification{...Verification}}...on Problem{message}...on TemporarilyLocked{retryAt}}}fragment Verification on Verification{requestId externalId accountId purpose state startedAt expiresAt action{...Action}redeemedAt method session{...LiveSession}}fragment Action on Action{title fields{label value}}fragment LiveSession on LiveSession{id accountId externalId email deviceId deviceName isTrusted reason provenAt createdAt lastUsedAt expiresAt mayBeKept}",
};
export const redeemReceipt: Operation<RedeemReceiptMutation, RedeemReceiptMutationVariables> = {
  query: "mutation RedeemReceipt($requestId:ID!$receipt:String!){redeemReceipt(requestId:$requestId receipt:$receipt){__typename ...on Verified{...Verified}}}fragment Verified on Verified{externalId accountId purpose method verifiedAt session{...LiveSession}action{...Action}}fragment LiveSession on LiveSession{id accountId externalId email deviceId deviceName isTrusted reason provenAt createdAt lastUsedAt expiresAt mayBeKept}fragment Action on Action{title fields{label value}}",
};
