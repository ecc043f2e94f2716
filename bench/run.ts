import { cpus, loadavg } from 'node:os';
import { limitTable } from '../src/config/limits.js';
import { startTestPostgres } from '../test/support/postgres.js';
import { backEnds, Servers } from '../test/support/servers.js';
import { createTemplate } from '../test/support/template.js';
import { measureBasics, measureThroughput } from './basics.js';
import { compareKnownAndUnknown } from './known-unknown.js';
import { table } from './samples.js';

// What things take on this machine: nothing is asserted. Clients, servers, worker and mail server share one process, so
// the figures are above those of a client elsewhere; PostgreSQL waits for the disk, and hashes cost what they cost by
// default. `npm run bench -- 50` takes 50 samples of each instead of 200.

const samples = Number(process.argv[2] ?? 200);

const limits = {
  ARGON2_MEMORY_KIB: limitTable.ARGON2_MEMORY_KIB.default,
  ARGON2_PASSES: limitTable.ARGON2_PASSES.default,
  CHALLENGES_PER_ACCOUNT_HOUR: 10_000,
  PROMPTS_UNANSWERED: 1000,
};

const print = (text: string) => process.stdout.write(`${text}\n`);

const postgres = await startTestPostgres({ fsync: true });
process.env.TEST_POSTGRES_URL = postgres.url;
try {
  await createTemplate();
  const [load = 0] = loadavg();
  print(
    `${cpus().length} cores, load ${load.toFixed(1)} before it began, Node ${process.version}, ${samples} samples of each`,
  );
  for (const { name, redis } of backEnds) {
    await using servers = await Servers.start({ count: 2, redis, limits });
    print(`\n## Two servers on ${name}\n\n${table(await measureBasics(servers, samples))}`);
    print(
      `\nsignIn on trusted devices, 16 people at once: ${(await measureThroughput(servers, 16, 10)).toFixed(0)} per second`,
    );
  }
  await using servers = await Servers.start({ limits });
  print(
    `\n## An address that somebody has, and one that nobody has\n\n${table(await compareKnownAndUnknown(servers, samples))}`,
  );
} finally {
  await postgres.stop();
}
