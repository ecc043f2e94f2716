import { type RefObject, useEffect, useRef } from 'react';
import { useClient } from 'urql';
import { CancelChallengeDocument } from '../api/operations.ts';
import { forgetChallenge } from './kept-challenge.ts';

/**
 * Gives a challenge up once its code is no longer asked for, however that page was left: the prompts on trusted devices
 * go with it, and nobody types their code where another one is asked for. A page that is loaded again goes on.
 * @param isOver whether it has ended by itself
 */
export function useCancelOnLeave(token: string, isOver: RefObject<boolean>): void {
  const client = useClient();
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // In development React takes effects back once and does them again: that is no leaving.
    clearTimeout(leaving.current);
    return () => {
      leaving.current = setTimeout(() => {
        if (isOver.current) return;
        forgetChallenge(token);
        void client.mutation(CancelChallengeDocument, { challengeToken: token }).toPromise();
      });
    };
  }, [client, token, isOver]);
}
