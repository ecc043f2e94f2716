import { ask, Refused } from './endpoint.ts';
import {
  type Circumstances,
  confirmationNotice,
  confirmationOverNotice,
  type Notice,
  requestNotice,
  requestOverNotice,
} from './notices.ts';
import {
  acknowledgeConfirmation,
  acknowledgeRequest,
  type WaitingConfirmation,
  type WaitingRequest,
  waitingConfirmations,
  waitingRequests,
} from './operations.ts';
import type { Words } from './words.ts';

/** What this device is asked to show a code for, of one kind: how it is read, acknowledged and shown. */
export interface Prompts<Prompt extends { readonly id: string; readonly state: string }> {
  /** Those that wait for a code. @throws Refused */
  waiting(withCode: boolean, language: string): Promise<readonly Prompt[]>;
  /** @returns it as it stands, also where it is over. @throws Refused */
  acknowledge(id: string, language: string): Promise<Prompt>;
  notice(prompt: Prompt, words: Words, circumstances: Circumstances): Notice;
  overNotice(prompt: Prompt, words: Words): Notice;
}

export const signIns: Prompts<WaitingRequest> = {
  waiting: async (withCode, language) => {
    const { viewer } = await ask(waitingRequests, { withCode }, language);
    return signedIn(viewer).loginRequests;
  },
  acknowledge: async (id, language) => (await ask(acknowledgeRequest, { id }, language)).acknowledgeLoginRequest,
  notice: requestNotice,
  overNotice: requestOverNotice,
};

export const actions: Prompts<WaitingConfirmation> = {
  waiting: async (_withCode, language) => {
    const { viewer } = await ask(waitingConfirmations, {}, language);
    return signedIn(viewer).confirmations;
  },
  acknowledge: async (id, language) => (await ask(acknowledgeConfirmation, { id }, language)).acknowledgeConfirmation,
  notice: confirmationNotice,
  overNotice: confirmationOverNotice,
};

function signedIn<Viewer>(viewer: Viewer | null): Viewer {
  if (!viewer) throw new Refused('UNAUTHENTICATED');
  return viewer;
}
