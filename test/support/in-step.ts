import { setTimeout as sleep } from 'node:timers/promises';
import type { Handset } from './handset.js';
import { asA, type Challenge, promptId } from './outcomes.js';
import { within } from './waiting.js';

/**
 * What people do that waits for no mail, an answer at each step.
 * @param phone a trusted device
 * @param stranger somebody without an account
 * @returns the challenge of the stranger's sign-up
 */
export async function* everyday(phone: Handset, stranger: Handset): AsyncGenerator<void, Challenge> {
  asA('SignedIn', await phone.signIn());
  yield;
  await using requests = phone.loginRequests();
  const laptop = phone.another('Laptop');
  const challenge = asA('Challenge', await laptop.signIn());
  yield;
  const { code } = await requests.nextThat(({ id }) => id === promptId(challenge));
  yield;
  asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
  yield;
  asA('SignedIn', await laptop.verify(challenge, code ?? ''));
  yield;
  return asA('Challenge', await stranger.signUp());
}

/**
 * Goes through two courses of the same steps, side by side: a fault holds up each step of the first by so much at most,
 * measured from when the second, which has no fault, has taken it. A machine that is busy is so for both.
 */
export async function inStep<T>(
  faulty: AsyncGenerator<void, T>,
  sound: AsyncGenerator<void, T>,
  heldUpMs: number,
): Promise<T> {
  for (;;) {
    const step = faulty.next();
    // Where the other fails first, nobody waits for it.
    step.catch(() => undefined);
    await sound.next();
    const { done, value } = await within(step, 'the answer', heldUpMs);
    if (done) return value;
  }
}

/**
 * Waits for what is promised within a time: it comes `heldUpMs` at most after something else that nothing holds up, and that is
 * begun `heldUpMs` before the time is over. A machine that is busy is so for both.
 * @param sound does it, unless what is promised is there by then
 */
export async function inTime<T>(
  promised: Promise<T>,
  promisedMs: number,
  sound: () => Promise<unknown>,
  heldUpMs = 2_000,
): Promise<T> {
  const isThere = new AbortController();
  const lastMoment = sleep(promisedMs - heldUpMs, undefined, { signal: isThere.signal })
    .then(sound)
    .then(() => within(promised, 'what was promised', heldUpMs));
  try {
    return await Promise.race([promised, lastMoment]);
  } finally {
    isThere.abort();
    await lastMoment.catch(() => undefined);
  }
}
