import { answerCalls } from '../site/child.js';
import { feedReader, feedWriter } from './feed.js';
import { HttpClient } from './http-client.js';
import { latency } from './latency.js';
import { operations } from './operations.js';
import { during } from './pace.js';
import { pushService } from './push-service.js';
import { bareSockets, liveSockets } from './sockets.js';
import type { Load, Task } from './task.js';

// A process: a load, which shares nothing with what it loads but the cores.

let load: Load | null = null;

function start(task: Task): Promise<Load> {
  switch (task.kind) {
    case 'sockets':
      return liveSockets(task);
    case 'latency':
      return latency(task);
    case 'feed-writer':
      return feedWriter(task);
    case 'feed-reader':
      return feedReader(task);
    case 'push-service':
      return pushService(task);
    case 'http':
      return bareRequests(task);
    case 'bare-sockets':
      return bareSockets(task);
    default:
      return operations[task.kind](task);
  }
}

/** Requests of the size of a small document. */
async function bareRequests({ url, atOnce, seconds }: Extract<Task, { kind: 'http' }>): Promise<Load> {
  const client = new HttpClient(url, atOnce);
  const json = JSON.stringify({ query: '{ result: viewer { id email } }', variables: {} });
  return { round: () => during(seconds, atOnce, () => client.post(json)) };
}

answerCalls({
  start: async (task: Task) => {
    load = await start(task);
  },
  prepare: () => load?.prepare?.(),
  round: (argument: unknown) => load?.round(argument),
});
