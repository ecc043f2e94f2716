import { useCallback, useEffect, useRef, useState } from 'react';

/**
 * An answer comes unasked: whatever is pressed in this time after it was meant for what was there before, such as the
 * second half of a double click, or the Enter after a code that was sent with its last digit.
 */
const UNREAD_MS = 500;

/** Something that a person sends, and whether it is on its way. */
export interface Submission<Args extends unknown[]> {
  readonly isPending: boolean;
  /** Sends it, unless what is pressed belongs to the submission before. */
  submit(...args: Args): void;
}

/**
 * One submission is one request, however a person presses Enter, clicks twice or pastes: nothing is sent while an answer
 * is awaited, nor before the answer can have been read, unless something was typed or chosen since, or there is a network again.
 */
export function useSubmission<Args extends unknown[]>(send: (...args: Args) => Promise<unknown>): Submission<Args> {
  const [isPending, setPending] = useState(false);
  const isUnderWay = useRef(false);
  const answeredAt = useRef(Number.NEGATIVE_INFINITY);
  const latest = useRef(send);
  useEffect(() => {
    latest.current = send;
  });
  useEffect(() => {
    const renew = () => {
      answeredAt.current = Number.NEGATIVE_INFINITY;
    };
    // Before any field hears of it: the last digit of a code sends it.
    addEventListener('input', renew, { capture: true });
    // What could not be sent is sent again as soon as it can be.
    addEventListener('online', renew);
    return () => {
      removeEventListener('input', renew, { capture: true });
      removeEventListener('online', renew);
    };
  }, []);
  const submit = useCallback((...args: Args) => {
    if (isUnderWay.current || performance.now() - answeredAt.current < UNREAD_MS) return;
    isUnderWay.current = true;
    setPending(true);
    void latest.current(...args).finally(() => {
      isUnderWay.current = false;
      answeredAt.current = performance.now();
      setPending(false);
    });
  }, []);
  return { isPending, submit };
}
