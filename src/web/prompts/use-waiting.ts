import type { ChallengeState } from '../api/operations.ts';
import { secondsLeft, useTicks } from '../ui/time.ts';

/** What a trusted device is shown of something that waits for a code, whatever that is. */
interface LivePrompt {
  readonly id: string;
  readonly state: ChallengeState;
  /** Null while it is pending: it waits on, but this device shows no codes any more. */
  readonly code: string | null;
  readonly sentAt?: string | null;
  readonly requestedAt: string;
  readonly expiresInSeconds: number;
}

/** The prompts of one kind that this page has been told of. */
export interface Waiting<Prompt> {
  /** Those that wait for a code now, the one whose code was sent last first. */
  readonly waiting: readonly Prompt[];
  /** How one of them stands, whatever has become of it; PENDING: it waits on, but not here. */
  stateOf(id: string): ChallengeState;
}

/** Of all that this page was told, by id, what waits now. */
export function useWaiting<Prompt extends LivePrompt>(told: ReadonlyMap<string, Prompt> | undefined): Waiting<Prompt> {
  const waiting = [...(told?.values() ?? [])]
    .filter((prompt) => isForHere(prompt) && secondsLeft(prompt, prompt.expiresInSeconds) > 0)
    .sort((one, other) => sentAt(other) - sentAt(one));
  useTicks(waiting.length > 0);
  return {
    waiting,
    stateOf: (id) => {
      const prompt = told?.get(id);
      return !prompt || isForHere(prompt) ? 'EXPIRED' : prompt.state;
    },
  };
}

function isForHere({ state, code }: LivePrompt): boolean {
  return state === 'PENDING' && code !== null;
}

/** What is put aside is one send of a code: when somebody has it sent again, its prompt is back. */
export function sendOf({ id, sentAt: at }: Pick<LivePrompt, 'id' | 'sentAt'>): string {
  return `${id} ${at}`;
}

/** By the server's clock, like all that it is compared with. */
function sentAt(prompt: LivePrompt): number {
  return Date.parse(prompt.sentAt ?? prompt.requestedAt);
}
