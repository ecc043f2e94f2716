import type { CombinedError } from '@urql/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChallengeFieldsFragment } from '../api/operations.ts';
import { useFault } from '../session/use-fault.ts';
import { useSubmission } from '../ui/use-submission.ts';
import { type ClosedState, closedState } from './closed.tsx';
import { forgetChallenge } from './kept-challenge.ts';
import { useCancelOnLeave } from './use-cancel-on-leave.ts';
import { useChallenge, useClosed } from './use-challenge.ts';

/** What every field of the API that takes a code may answer beside what is its own. */
export type CodeOutcome =
  | { readonly __typename: 'WrongCode'; readonly message: string; readonly attemptsRemaining: number }
  | { readonly __typename: 'ChallengeClosed'; readonly state: ChallengeFieldsFragment['state'] }
  | { readonly __typename: 'TemporarilyLocked'; readonly message: string };

/** What became of a code: it was taken, or else why not, as far as that is not shown elsewhere. */
export interface CodeAnswer {
  readonly error?: CombinedError | undefined;
  readonly outcome?: CodeOutcome | undefined;
}

/** The code of one challenge while a person types it. */
export interface CodeEntry {
  /** As it stands now. */
  readonly challenge: ChallengeFieldsFragment;
  /** Why it takes no more codes; null while it does. */
  readonly closed: ClosedState | null;
  readonly code: string;
  /** What is wrong with the code; another object each time, so that the field takes the focus again. */
  readonly faults: { readonly code: string | null };
  /** What else went wrong. */
  readonly fault: string | null;
  /** A code is being looked at. */
  readonly isPending: boolean;
  type(code: string): void;
  /** Whether the code is whole; if not, the field says so. */
  check(code: string): boolean;
  /** Sends a code that is whole: the one typed so far, unless another is given. */
  submit(code?: string): void;
}

const none = { code: null };

/**
 * Typing the code of a challenge, written once for all pages that ask for one: what is whole is sent, once; what the
 * server says of it is shown; and the challenge is watched until it is over, or given up when its page is left.
 * @param send gives the code to the field of the API that it is for; calls `taken` where that takes it
 */
export function useCodeEntry(
  opened: ChallengeFieldsFragment,
  send: (code: string, taken: () => void) => Promise<CodeAnswer>,
): CodeEntry {
  const { t } = useTranslation('common');
  const challenge = useChallenge(opened);
  const { closed, close } = useClosed(challenge);
  const [code, type] = useState('');
  const [faults, setFaults] = useState<CodeEntry['faults']>(none);
  const { fault, refuse, say } = useFault();

  const isOver = useRef(false);
  useEffect(() => {
    if (closed) isOver.current = true;
  }, [closed]);
  useCancelOnLeave(opened.token, isOver);
  const taken = () => {
    isOver.current = true;
    forgetChallenge(opened.token);
  };

  const check = (typed: string): boolean => {
    say(null);
    const isWhole = typed.length === challenge.codeLength;
    setFaults(isWhole ? none : { code: t('code.incomplete', { digits: challenge.codeLength }) });
    return isWhole;
  };
  const show = (outcome: CodeOutcome): void => {
    switch (outcome.__typename) {
      case 'WrongCode':
        type('');
        if (outcome.attemptsRemaining > 0) setFaults({ code: outcome.message });
        else close('LOCKED');
        break;
      case 'ChallengeClosed':
        close(closedState(outcome.state));
        break;
      case 'TemporarilyLocked':
        type('');
        say(outcome.message);
    }
  };
  const { isPending, submit } = useSubmission(async (typed: string) => {
    if (!check(typed)) return;
    const { error, outcome } = await send(typed, taken);
    if (error) refuse(error);
    else if (outcome) show(outcome);
  });

  return {
    challenge,
    closed,
    code,
    faults,
    fault,
    isPending,
    type,
    check,
    submit: (typed = code) => submit(typed),
  };
}
