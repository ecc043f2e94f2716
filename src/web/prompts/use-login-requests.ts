import { useSubscription } from 'urql';
import { LoginRequestsDocument, type RequestFieldsFragment } from '../api/operations.ts';
import { useWaiting, type Waiting } from './use-waiting.ts';

/**
 * The sign-ins elsewhere that wait for a code. The server sends each one again when it is answered, and all of them when
 * the line comes back, so what was answered meanwhile goes.
 * @param isTrusted only a trusted device may ask
 */
export function useLoginRequests(isTrusted: boolean): Waiting<RequestFieldsFragment> {
  const [{ data }] = useSubscription(
    { query: LoginRequestsDocument, pause: !isTrusted },
    (known: ReadonlyMap<string, RequestFieldsFragment> = new Map(), { loginRequests }) =>
      new Map(known).set(loginRequests.id, loginRequests),
  );
  return useWaiting(data);
}
