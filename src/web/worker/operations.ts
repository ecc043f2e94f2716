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

/** A sign-in from elsewhere, as a trusted device sees it. */
export type WaitingRequest = WaitingRequestFragment;
export const waitingRequests: Operation<WaitingRequestsQuery, WaitingRequestsQueryVariables> = {
  query: "query WaitingRequests($withCode:Boolean!){viewer{id loginRequests{...WaitingRequest}}}fragment WaitingRequest on LoginRequest{id state code@include(if:$withCode)deviceName expiresInSeconds location{label}}",
};
export const acknowledgeRequest: Operation<AcknowledgeRequestMutation, AcknowledgeRequestMutationVariables> = {
  query: "mutation AcknowledgeRequest($id:ID!$withCode:Boolean!=false){acknowledgeLoginRequest(id:$id){...WaitingRequest}}fragment WaitingRequest on LoginRequest{id state code@include(if:$withCode)deviceName expiresInSeconds location{label}}",
};
