// Written by npm run worker:operations from operations.graphql and schema.graphql.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { Operation } from './endpoint.ts';
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

/** A push subscription, as the browser or the UnifiedPush distributor gave it. */
export type PushSubscriptionInput = {
  /** Its authentication secret, base64url, 16 bytes. */
  readonly auth: string;
  /** https, as it was given; at most 2048 characters. */
  readonly endpoint: string;
  /** P-256 public key of the subscription, base64url. */
  readonly p256dh: string;
  /** The `pushKey` that it was made under (`applicationServerKey`), base64url: it is good for as long as the server has that key. BAD_USER_INPUT: it has it no more, so subscribe anew. Left out: that of now, or the one that the same endpoint was registered with before. */
  readonly pushKey?: string | null | undefined;
};

export type WaitingRequestFragment = { readonly id: string, readonly state: ChallengeState, readonly code?: string | null, readonly deviceName: string, readonly expiresInSeconds: number, readonly location: { readonly label: string } };

export type WaitingRequestsQueryVariables = Exact<{
  withCode: boolean;
}>;


export type WaitingRequestsQuery = { readonly viewer: { readonly id: string, readonly loginRequests: ReadonlyArray<{ readonly id: string, readonly state: ChallengeState, readonly code?: string | null, readonly deviceName: string, readonly expiresInSeconds: number, readonly location: { readonly label: string } }> } | null };

export type AcknowledgeRequestMutationVariables = Exact<{
  id: string;
  withCode?: boolean;
}>;


export type AcknowledgeRequestMutation = { readonly acknowledgeLoginRequest: { readonly id: string, readonly state: ChallengeState, readonly code?: string | null, readonly deviceName: string, readonly expiresInSeconds: number, readonly location: { readonly label: string } } };

export type WaitingConfirmationFragment = { readonly id: string, readonly state: ChallengeState, readonly productName: string, readonly deviceName: string, readonly location: { readonly label: string } };

export type WaitingConfirmationsQueryVariables = Exact<{ [key: string]: never; }>;


export type WaitingConfirmationsQuery = { readonly viewer: { readonly id: string, readonly confirmations: ReadonlyArray<{ readonly id: string, readonly state: ChallengeState, readonly productName: string, readonly deviceName: string, readonly location: { readonly label: string } }> } | null };

export type AcknowledgeConfirmationMutationVariables = Exact<{
  id: string;
}>;


export type AcknowledgeConfirmationMutation = { readonly acknowledgeConfirmation: { readonly id: string, readonly state: ChallengeState, readonly productName: string, readonly deviceName: string, readonly location: { readonly label: string } } };

export type PushKeyQueryVariables = Exact<{ [key: string]: never; }>;


export type PushKeyQuery = { readonly settings: { readonly pushKey: string | null } };

export type RegisterPushMutationVariables = Exact<{
  input: PushSubscriptionInput;
}>;


export type RegisterPushMutation = { readonly registerPush: { readonly id: string } };

/** A sign-in from elsewhere, as a trusted device sees it. */
export type WaitingRequest = WaitingRequestFragment;
/** An action that a backend asked to be confirmed, as a trusted device sees it. */
export type WaitingConfirmation = WaitingConfirmationFragment;
export const waitingRequests: Operation<WaitingRequestsQuery, WaitingRequestsQueryVariables> = {
  query: "query WaitingRequests($withCode:Boolean!){viewer{id loginRequests{...WaitingRequest}}}fragment WaitingRequest on LoginRequest{id state code@include(if:$withCode)deviceName expiresInSeconds location{label}}",
};
export const acknowledgeRequest: Operation<AcknowledgeRequestMutation, AcknowledgeRequestMutationVariables> = {
  query: "mutation AcknowledgeRequest($id:ID!$withCode:Boolean!=false){acknowledgeLoginRequest(id:$id){...WaitingRequest}}fragment WaitingRequest on LoginRequest{id state code@include(if:$withCode)deviceName expiresInSeconds location{label}}",
};
export const waitingConfirmations: Operation<WaitingConfirmationsQuery, WaitingConfirmationsQueryVariables> = {
  query: "query WaitingConfirmations{viewer{id confirmations{...WaitingConfirmation}}}fragment WaitingConfirmation on Confirmation{id state productName deviceName location{label}}",
};
export const acknowledgeConfirmation: Operation<AcknowledgeConfirmationMutation, AcknowledgeConfirmationMutationVariables> = {
  query: "mutation AcknowledgeConfirmation($id:ID!){acknowledgeConfirmation(id:$id){...WaitingConfirmation}}fragment WaitingConfirmation on Confirmation{id state productName deviceName location{label}}",
};
export const pushKey: Operation<PushKeyQuery, PushKeyQueryVariables> = {
  query: "query PushKey{settings{pushKey}}",
};
export const registerPush: Operation<RegisterPushMutation, RegisterPushMutationVariables> = {
  query: "mutation RegisterPush($input:PushSubscriptionInput!){registerPush(input:$input){id}}",
};
