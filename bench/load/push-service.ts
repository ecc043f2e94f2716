import { once } from 'node:events';
import { createServer } from 'node:http';
import { machineClock } from './machine-clock.js';
import type { Load, Task } from './task.js';

/** A push service that takes all that comes. A round waits for so many messages, and tells when each came. */
export async function pushService({ port }: Extract<Task, { kind: 'push-service' }>): Promise<Load> {
  const clock = machineClock();
  let arrived: number[] = [];
  let look = () => {};
  const server = createServer((request, response) => {
    arrived.push(clock(performance.now()));
    request.resume();
    response.writeHead(201).end();
    look();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    /** @param argument how many messages */
    async round(argument): Promise<number[]> {
      const count = Number(argument);
      await new Promise<void>((resolve) => {
        look = () => {
          if (arrived.length >= count) resolve();
        };
        look();
      });
      const told = arrived;
      arrived = [];
      return told;
    },
  };
}
