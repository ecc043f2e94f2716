import { useEffect, useState } from 'react';
import { useSubscription } from 'urql';
import { type ChallengeFieldsFragment, WatchChallengeDocument } from '../api/operations.ts';
import type { ClosedState } from './closed.tsx';
import { forgetChallenge } from './kept-challenge.ts';

/** A challenge as it stands now: as it was opened, then as the server tells of each change. */
export function useChallenge(opened: ChallengeFieldsFragment): ChallengeFieldsFragment {
  const [{ data }] = useSubscription({ query: WatchChallengeDocument, variables: { token: opened.token } });
  return data?.challenge ?? opened;
}

/**
 * Why a challenge takes no more codes, null while it does. What an answer said counts before what is watched, which may
 * come later; the own right code closes it too, a moment before its answer, and is no end to speak of.
 */
export function useClosed({ token, state }: ChallengeFieldsFragment) {
  const [answered, close] = useState<ClosedState | null>(null);
  const watched = state === 'PENDING' || state === 'VERIFIED' ? null : state;
  const closed = answered ?? watched;
  useEffect(() => {
    if (closed) forgetChallenge(token);
  }, [closed, token]);
  return { closed, close };
}
