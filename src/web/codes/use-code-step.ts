import { useCallback, useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { useLocation } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';
import { ChallengeDocument, type ChallengeFieldsFragment } from '../api/operations.ts';
import { codeEntry, forgetChallenge, keepChallenge, keptChallenge } from './kept-challenge.ts';

/** A page of two steps: a form that opens a challenge, then its code. */
export interface CodeStepOfPage {
  /** Whose code is typed now; null while the form is shown. */
  readonly challenge: ChallengeFieldsFragment | null;
  /** After the page was loaded again: how the challenge stands is being asked. */
  readonly isReading: boolean;
  /** It could not be asked. */
  readonly isUnreachable: boolean;
  /** The address that the challenge was opened for, also after the page was loaded again; else nothing. */
  readonly email: string;
  askAgain(): void;
  open(challenge: ChallengeFieldsFragment, email: string): void;
  /** Gives the challenge up: the form is shown. */
  leave(): void;
}

/** Keeps the step of a page: a reload leads to where it was; the browser's Back gives the code up and leads to the form. */
export function useCodeStep(): CodeStepOfPage {
  const [path, navigate] = useLocation();
  const isAtCode = useHistoryState<typeof codeEntry | null>()?.step === codeEntry.step;
  const [kept, setKept] = useState(() => keptChallenge(path));
  const [opened, setOpened] = useState<ChallengeFieldsFragment | null>(null);
  const isKeptAlone = isAtCode && kept !== null && opened === null;
  const [{ data, error }, ask] = useQuery({
    query: ChallengeDocument,
    variables: { token: kept?.token ?? '' },
    pause: !isKeptAlone,
    requestPolicy: 'network-only',
  });
  const read = isKeptAlone ? data?.challenge : undefined;
  const isOver = read === null || (read !== undefined && read.state !== 'PENDING');
  const token = opened?.token ?? kept?.token;

  const leave = useCallback(() => {
    if (token) forgetChallenge(token);
    setKept(null);
    setOpened(null);
    if (isAtCode) history.back();
  }, [token, isAtCode]);
  useEffect(() => {
    if (isOver) leave();
  }, [isOver, leave]);
  // The browser's Back has led to the form: the code that was waited for is given up, and Forward leads to no other.
  const isLeft = token !== undefined && !isAtCode;
  useEffect(() => {
    if (!isLeft) return;
    setKept(null);
    setOpened(null);
  }, [isLeft]);

  return {
    challenge: isAtCode ? (opened ?? (isOver ? null : (read ?? null))) : null,
    isReading: isKeptAlone && read === undefined,
    isUnreachable: error !== undefined,
    email: kept?.email ?? '',
    askAgain: ask,
    open: (challenge, email) => {
      const toKeep = { token: challenge.token, path, email };
      keepChallenge(toKeep);
      setKept(toKeep);
      setOpened(challenge);
      navigate(path, { state: codeEntry });
    },
    leave,
  };
}
