import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import DataLoader from 'dataloader';

/** How many are done together: few milliseconds of PostgreSQL, and of the event loop. */
const MOST = 100;

/**
 * Does in one go what is asked for in one turn of the event loop, and what is asked for while the batch before is under
 * way: the more there is to do, the less each costs. A batch that fails, fails for all who are in it.
 * @param work answers in the order of what it is given
 * @param collectMs for how long more is waited for: what is asked for when thousands come at once comes over many turns
 */
export function batched<Asked, Answer>(
  work: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
  collectMs = 0,
): (asked: Asked) => Promise<Answer> {
  let before: Promise<unknown> = Promise.resolve();
  let underWay: Promise<unknown> = before;
  const loader = new DataLoader<Asked, Answer, Asked>(
    (asked) => {
      const answers = work(asked);
      underWay = answers.catch(() => undefined);
      return answers;
    },
    {
      cache: false,
      maxBatchSize: MOST,
      batchScheduleFn(begin) {
        before = before.then(async () => {
          await (collectMs > 0 ? sleep(collectMs) : nextTurn());
          begin();
          await underWay;
        });
      },
    },
  );
  return (asked) => loader.load(asked);
}
