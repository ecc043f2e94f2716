import type { Backend } from './backend.js';
import type { CheckedSession } from './backend-operations.js';
import type { Handset } from './handset.js';
import type { SignedIn } from './outcomes.js';

// The ways back to a product and from an app into the pages.

export const RETURN = `mutation ($returnTo: String!, $state: String!) {
  result: returnToProduct(returnTo: $returnTo, state: $state) { url expiresAt expiresInSeconds } }`;

export const RETURN_ADDRESS = 'query ($returnTo: String!) { result: returnAddress(returnTo: $returnTo) }';

export const REDEEM_RETURN = `mutation ($code: String!, $state: String!) { result: redeemReturn(code: $code, state: $state) {
  __typename ... on LiveSession { id accountId externalId email deviceId deviceName isTrusted reason lastUsedAt mayBeKept }
  ... on ReturnVoid { message } } }`;

export const OPEN_PAGES = 'mutation { result: openPages { url expiresAt expiresInSeconds } }';

export const HAND_OVER = 'query ($code: String!) { result: handOver(code: $code) { email deviceName } }';

export const REDEEM_HAND_OVER = `mutation ($code: String!) { result: redeemHandOver(code: $code) {
  __typename ... on SignedIn { account { id email } device { id isTrusted isCurrent } session { id isCurrent }
    sessionToken sessionExpiresAt deviceToken } ... on Problem { message } } }`;

/** An address with a code in it. */
export interface HandedOver {
  readonly url: string;
  readonly expiresAt: string;
  readonly expiresInSeconds: number;
}

export type Redeemed =
  | ({ readonly __typename: 'LiveSession' } & CheckedSession)
  | { readonly __typename: 'ReturnVoid' };

/** A code that leads a device's person back to a product. */
export async function returnCode(handset: Handset, returnTo: string, state: string): Promise<string> {
  const { url } = await handset.ask<HandedOver>(RETURN, { returnTo, state });
  return new URL(url).searchParams.get('code') ?? '';
}

export function redeemReturn(backend: Backend, code: string, state: string): Promise<Redeemed> {
  return backend.ask<Redeemed>(REDEEM_RETURN, { code, state });
}

/** A code by which a device opens the pages. */
export async function pagesCode(handset: Handset): Promise<string> {
  const { url } = await handset.ask<HandedOver>(OPEN_PAGES);
  return new URL(url).hash.slice(1);
}

/** Somebody on the pages, with nothing yet. */
export function pagesOf(handset: Handset): Handset {
  return handset.another('Browser');
}

/** Exchanges a code on the pages, and keeps the session. */
export async function openedPages(handset: Handset, code?: string): Promise<Handset> {
  const pages = pagesOf(handset);
  const outcome = await pages.ask<SignedIn>(REDEEM_HAND_OVER, { code: code ?? (await pagesCode(handset)) });
  if (outcome.__typename !== 'SignedIn') throw new Error(`not handed over: ${JSON.stringify(outcome)}`);
  pages.sessionToken = outcome.sessionToken;
  return pages;
}
