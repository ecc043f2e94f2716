import { randomBytes, timingSafeEqual } from 'node:crypto';

/** Where a person signs in, and to where they come back. */
export interface SignInOptions {
  /** The address of your own that takes the code; its origin is one of Doorstep's `RETURN_ORIGINS`. */
  readonly returnTo: string | URL;
  /** See `returnState`. */
  readonly state: string;
}

/**
 * A new state for one sign-in: 256 random bits. Keep it in that browser's session with you (a cookie that is HttpOnly and
 * SameSite=Lax), and redeem a code with what you have kept, never with what the address says.
 */
export function returnState(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether the state that came back is the one that was kept. */
export function sameState(kept: string | null | undefined, returned: unknown): boolean {
  if (!kept || typeof returned !== 'string') return false;
  const [left, right] = [Buffer.from(kept), Buffer.from(returned)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Doorstep's sign-in page, from where the person comes back to `returnTo` with `code` and `state`. */
export function signInAddress(publicUrl: string | URL, { returnTo, state }: SignInOptions): string {
  const address = new URL(publicUrl);
  if (!address.pathname.endsWith('/')) address.pathname += '/';
  address.searchParams.set('return_to', String(returnTo));
  address.searchParams.set('state', state);
  return address.href;
}
