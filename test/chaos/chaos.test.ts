import { randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { backEnds } from '../support/servers.js';
import { type ChaosOptions, runChaos } from './chaos.js';
import { summaryOf, violationsInWords } from './report.js';

// A short run of what `npm run chaos` does at length. Most of its time goes into the starts of five processes and the wait
// for everything to come to rest; on a busy machine that takes a multiple.
const TEST_MS = 600_000;

describe.each(backEnds)('on $name', ({ redis: withRedis }) => {
  test(
    'every promise holds while processes and stores break',
    async () => {
      const options: ChaosOptions = { seed: randomInt(1_000_000), seconds: 7, withRedis, accounts: 4 };
      const result = await runChaos(options);
      // Printed where it fails: the seed, and what led to it.
      if (result.violations.length > 0) throw new Error(`${summaryOf(options, result)}\n${violationsInWords(result)}`);
      expect(result.evidence.history.operations.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThan(0);
    },
    TEST_MS,
  );
});
