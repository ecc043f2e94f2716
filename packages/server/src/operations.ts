// Written by npm run server:operations from operations.graphql and backend.graphql.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { Operation } from './endpoint.js';
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

/** Somebody who is signed in on a device. */
export type LiveSession = LiveSessionFragment;
/** Something that happened to one of your people. */
export type FeedEvent = FeedEventFragment;
/** A part of the feed. */
export type EventPage = EventPageFragment;
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
