import type { Challenge } from '../site/documents.js';
import { HttpClient } from './http-client.js';
import { machineClock } from './machine-clock.js';
import { Newcomer, untilResend } from './newcomer.js';
import { atRate, once } from './pace.js';
import type { Load, Task } from './task.js';

const CONNECTIONS = 64;
const PREPARED_AT_ONCE = 8;

/** One code that was sent: instants in milliseconds of the machine's clock, with their fraction. */
export interface Sent {
  readonly email: string;
  readonly askedAt: number;
  readonly shownAt: number;
}

/** Codes that are sent again by one server, and appear on phones that another one serves. */
export async function latency(task: Extract<Task, { kind: 'latency' }>): Promise<Load> {
  const newcomers = await Newcomer.all(new HttpClient(task.url, CONNECTIONS), task.socketUrl, task.people);
  let challenges: Challenge[] = [];
  return {
    async prepare() {
      challenges = [];
      await once(newcomers.length, PREPARED_AT_ONCE, async (nth) => {
        const opened = await newcomers[nth]?.challenge();
        if (opened) challenges[nth] = opened.challenge;
      });
      await untilResend();
    },
    /** @param argument how many codes a second */
    async round(argument): Promise<Sent[]> {
      const sent: Sent[] = [];
      const clock = machineClock();
      await atRate(Number(argument), task.seconds, async (nth) => {
        const newcomer = newcomers[nth % newcomers.length];
        const challenge = challenges[nth % newcomers.length];
        if (!newcomer || !challenge) throw new Error('a round needs its challenges');
        const askedAt = clock(performance.now());
        const { at } = await newcomer.resend(challenge);
        sent.push({ email: newcomer.person.email, askedAt, shownAt: clock(at) });
      });
      return sent;
    },
  };
}
