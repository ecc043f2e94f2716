import { useEffect, useState } from 'react';
import { useSubscription } from 'urql';
import { LoginRequestsDocument, type RequestFieldsFragment } from '../api/operations.ts';

/** Where an answer is due, the clock is looked at so often. */
const LOOK_AGAIN_MS = 1_000;

/**
 * The sign-ins that wait for a code now, the oldest first. The server sends each one again when it is answered, and all
 * of them when the line comes back, so what was answered meanwhile goes.
 * @param isTrusted only a trusted device may ask
 */
export function useLoginRequests(isTrusted: boolean): readonly RequestFieldsFragment[] {
  const [{ data }] = useSubscription(
    { query: LoginRequestsDocument, pause: !isTrusted },
    (known: ReadonlyMap<string, RequestFieldsFragment> = new Map(), { loginRequests }) =>
      new Map(known).set(loginRequests.id, loginRequests),
  );
  const now = useNow(data !== undefined);
  return [...(data?.values() ?? [])].filter(
    ({ state, expiresAt }) => state === 'PENDING' && Date.parse(expiresAt) > now,
  );
}

/** The time, looked at again while it matters. */
function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
