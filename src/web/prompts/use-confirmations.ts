import { useSubscription } from 'urql';
import { type ConfirmationFieldsFragment, ConfirmationsDocument } from '../api/operations.ts';
import { useWaiting, type Waiting } from './use-waiting.ts';

/**
 * What waits to be confirmed, of what other devices ask for.
 * @param isTrusted only a trusted device may ask
 */
export function useConfirmations(isTrusted: boolean): Waiting<ConfirmationFieldsFragment> {
  const [{ data }] = useSubscription(
    { query: ConfirmationsDocument, pause: !isTrusted },
    (known: ReadonlyMap<string, ConfirmationFieldsFragment> = new Map(), { confirmations }) =>
      new Map(known).set(confirmations.id, confirmations),
  );
  return useWaiting(data);
}
