import { useSubscription } from 'urql';
import { LoginRequestsDocument, type RequestFieldsFragment } from '../api/operations.ts';
import { secondsLeft, useTicks } from '../ui/time.ts';

/** The sign-ins elsewhere that this page has been told of. */
export interface LoginRequests {
  /** Those that wait for a code now, the one whose code was sent last first. */
  readonly waiting: readonly RequestFieldsFragment[];
  /** How one of them stands, whatever has become of it. */
  stateOf(id: string): RequestFieldsFragment['state'];
}

/**
 * The sign-ins that wait for a code. The server sends each one again when it is answered, and all of them when the line
 * comes back, so what was answered meanwhile goes.
 * @param isTrusted only a trusted device may ask
 */
export function useLoginRequests(isTrusted: boolean): LoginRequests {
  const [{ data }] = useSubscription(
    { query: LoginRequestsDocument, pause: !isTrusted },
    (known: ReadonlyMap<string, RequestFieldsFragment> = new Map(), { loginRequests }) =>
      new Map(known).set(loginRequests.id, loginRequests),
  );
  const waiting = [...(data?.values() ?? [])]
    .filter((request) => request.state === 'PENDING' && secondsLeft(request, request.expiresInSeconds) > 0)
    .sort((one, other) => sentAt(other) - sentAt(one));
  useTicks(waiting.length > 0);
  return {
    waiting,
    stateOf: (id) => {
      const state = data?.get(id)?.state ?? 'EXPIRED';
      return state === 'PENDING' ? 'EXPIRED' : state;
    },
  };
}

/** By the server's clock, like all that it is compared with. */
function sentAt(request: RequestFieldsFragment): number {
  return Date.parse(request.sentAt ?? request.requestedAt);
}
