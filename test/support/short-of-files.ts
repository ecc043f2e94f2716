import 'reflect-metadata';
import { closeSync, openSync } from 'node:fs';
import { pino } from 'pino';
import { newSigningKey, parseSigningKeys } from '../../src/codes/signing-keys.js';
import { type Limits, limitTable } from '../../src/config/limits.js';
import { JobQueue, JobWorker } from '../../src/outbox/queue.js';
import { stranger } from '../../src/passwords/asker.js';
import { PasswordStrength } from '../../src/passwords/password-strength.js';
import { Vapid } from '../../src/push/vapid.js';
import { until } from './waiting.js';

// A program of its own, for a test: it first asks for what is loaded late while the process may open no file any more, and
// then again. Prints what came of it.

const [databaseUrl = ''] = process.argv.slice(2);
const limits = Object.fromEntries(Object.entries(limitTable).map(([name, limit]) => [name, limit.default])) as Limits;
const store = { redisUrl: null, redisPrefix: 'doorstep', databaseUrl };
const logger = pino({ level: 'silent' });

const strength = new PasswordStrength(limits, 'Doorstep');
const vapid = new Vapid(parseSigningKeys(newSigningKey('one')), 'mailto:push@example.com');
const queue = new JobQueue(store, logger);
let isWorking = false;
const workersLogger = pino(
  { level: 'info' },
  {
    write(line: string) {
      if (line.includes('worker: takes jobs')) isWorking = true;
    },
  },
);

const asked: Readonly<Record<string, () => Promise<unknown>>> = {
  password: () => strength.judge('velvet-harbour-57-kettle', 'owner@example.com', stranger('127.0.0.1')),
  push: async () => vapid.header('one', 'https://push.example', new Date()),
  queue: () => queue.check(),
};

async function outcomes(): Promise<Record<string, string>> {
  const told: Record<string, string> = {};
  for (const [what, ask] of Object.entries(asked)) {
    told[what] = await ask().then(
      () => 'works',
      () => 'fails',
    );
  }
  return told;
}

function takeAllFiles(): number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    return taken;
  }
}

const files = takeAllFiles();
const before = await outcomes();
const nothing = async () => {};
const worker = new JobWorker(store, { MAIL: nothing, WEBHOOK: nothing, PUSH: nothing }, workersLogger);
// As long as it takes that to fail.
await queue.check().catch(nothing);
for (const file of files) closeSync(file);
await until(
  async () =>
    isWorking &&
    (await queue.check().then(
      () => true,
      () => false,
    )),
  'the queue',
);
const after = await outcomes();
await Promise.all([strength.close(), queue.close(), worker.close(1000)]);
process.stdout.write(JSON.stringify({ before, after, isWorking }));
