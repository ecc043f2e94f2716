import { limitTable } from '../../src/config/limits.js';
import { startTestPostgres } from '../../test/support/postgres.js';
import { Servers } from '../../test/support/servers.js';
import { createTemplate } from '../../test/support/template.js';
import { compareKnownAndUnknown } from './compare.js';

// Hashes cost what they cost by default.
const limits = {
  ARGON2_MEMORY_KIB: limitTable.ARGON2_MEMORY_KIB.default,
  ARGON2_PASSES: limitTable.ARGON2_PASSES.default,
};

/**
 * Whether the time of an answer tells that somebody has an address: rows of a table. Client, server, worker and mail
 * server share this process, so the times are above those of a client elsewhere; only how they compare counts.
 */
export async function runKnownUnknown(samples: number): Promise<string[][]> {
  const postgres = await startTestPostgres({ fsync: true });
  process.env.TEST_POSTGRES_URL = postgres.url;
  try {
    await createTemplate();
    await using servers = await Servers.start({ limits });
    return await compareKnownAndUnknown(servers, samples);
  } finally {
    await postgres.stop();
  }
}
