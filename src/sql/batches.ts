import { setImmediate as nextTurn } from 'node:timers/promises';
import DataLoader from 'dataloader';

/** How many are done together: few milliseconds of PostgreSQL, and of the event loop. */
const MOST = 100;

/**
 * Does in one go what is asked for in one turn of the event loop, and what is asked for while the batch before is under
 * way: the more there is to do, the less each costs. A batch that fails, fails for all who are in it.
 * @param work answers in the order of what it is given
 */
export function batched<Asked, Answer>(
  work: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
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
          await nextTurn();
          begin();
          await underWay;
        });
      },
    },
  );
  return (asked) => loader.load(asked);
}
