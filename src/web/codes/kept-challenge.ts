import { pagePath } from '../api/base-path.ts';
import { Kept } from '../session/kept.ts';

/** A challenge that waits for its code. Never with it: a password, a session, a device token. */
export interface KeptChallenge {
  readonly token: string;
  /** The page on which it was opened. */
  readonly path: string;
  readonly email: string;
}

/** What the history's entry of a code's form holds, so that Back leads to the form before it. */
export const codeEntry = { step: 'code' };

const keptOfTab = new Kept('sessionStorage', 'doorstep-challenge');

// A phone drops a page whose person looks for the code in another app: the tab keeps what it takes to go on.

/** The challenge that this tab keeps for a page; null where there is none. */
export function keptChallenge(path: string): KeptChallenge | null {
  const kept = read();
  return kept?.path === path ? kept : null;
}

export function keepChallenge(kept: KeptChallenge): void {
  keptOfTab.write(JSON.stringify(kept));
}

/** Forgets the challenge of this token, and no other that was opened since. */
export function forgetChallenge(token: string): void {
  if (read()?.token === token) keptOfTab.forget();
}

/** Goes on at the code where the page was not loaded again but opened anew: by its address, or by a link. */
export function goOnAtLoad(): void {
  if (keptChallenge(pagePath()) && history.state?.step !== codeEntry.step) history.pushState(codeEntry, '');
}

function read(): KeptChallenge | null {
  try {
    return JSON.parse(keptOfTab.read() ?? 'null');
  } catch {
    return null;
  }
}
