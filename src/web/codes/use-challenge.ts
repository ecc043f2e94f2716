import { useSubscription } from 'urql';
import { type ChallengeFieldsFragment, WatchChallengeDocument } from '../api/operations.ts';

/** A challenge as it stands now: as it was opened, then as the server tells of each change. */
export function useChallenge(opened: ChallengeFieldsFragment): ChallengeFieldsFragment {
  const [{ data }] = useSubscription({ query: WatchChallengeDocument, variables: { token: opened.token } });
  return data?.challenge ?? opened;
}
