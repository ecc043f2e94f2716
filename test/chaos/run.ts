import { parseArgs } from 'node:util';
import { redisAvailable } from '../support/redis.js';
import { runChaos } from './chaos.js';
import { summaryOf, violationsInWords } from './report.js';

// npm run chaos -- --minutes 10 --seed N [--postgres-only]

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    'postgres-only': { type: 'boolean', default: false },
  },
});
const seconds = Math.round(Number(values.minutes) * 60);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('npm run chaos -- --minutes 10 --seed 1 [--postgres-only]\n');
  process.exit(2);
}
const withRedis = !values['postgres-only'] && redisAvailable() !== null;
const options = { seed, seconds, withRedis };
process.stdout.write(`seed ${seed}, ${seconds} s ...\n`);
const result = await runChaos(options);
process.stdout.write(`${summaryOf(options, result)}\n${violationsInWords(result)}\n`);
process.exit(result.violations.length > 0 ? 1 : 0);
