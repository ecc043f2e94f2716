import { once as event } from 'node:events';
import { WebSocket } from 'ws';
import { everyone } from '../site/people.js';
import { LiveSocket } from './live-socket.js';
import { once } from './pace.js';
import type { Load, Task } from './task.js';

/** How many sockets a round has opened, all of which are held. */
export interface Opened {
  readonly elapsedMs: number;
  readonly count: number;
}

/** Which of all sockets find a code that waits: it must have appeared before they count as open. */
export const WAITING_EVERY = 50;

/**
 * Opens the phones of everybody, as after a server came back. A subscription says nothing while there is nothing to say,
 * so codes wait for one in fifty, the last among them: it is open for all when each of those has shown its code.
 */
export async function liveSockets({ socketUrl, people, atOnce }: Extract<Task, { kind: 'sockets' }>): Promise<Load> {
  const persons = everyone(people);
  const open: LiveSocket[] = [];
  return {
    async round(argument): Promise<Opened> {
      const awaitsCodes = argument === true;
      const codes: Promise<unknown>[] = [];
      const { elapsedMs } = await timed(async () => {
        await once(persons.length, atOnce, async (nth) => {
          const socket = await LiveSocket.open(socketUrl, persons[nth]?.sessionToken ?? '');
          if (awaitsCodes && (nth + 1) % WAITING_EVERY === 0) codes.push(socket.next(({ code }) => code !== null));
          open.push(socket);
        });
        await Promise.all(codes);
      });
      return { elapsedMs, count: open.filter(({ isOpen }) => isOpen).length };
    },
  };
}

/** Opens sockets that say nothing, and holds them. */
export async function bareSockets({
  socketUrl,
  count,
  atOnce,
}: Extract<Task, { kind: 'bare-sockets' }>): Promise<Load> {
  const open: WebSocket[] = [];
  return {
    async round(): Promise<Opened> {
      const { elapsedMs } = await once(count, atOnce, async () => {
        const socket = new WebSocket(socketUrl, { perMessageDeflate: false });
        await event(socket, 'open');
        open.push(socket);
      });
      return { elapsedMs, count: open.length };
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<{ elapsedMs: number }> {
  const before = performance.now();
  await work();
  return { elapsedMs: performance.now() - before };
}
