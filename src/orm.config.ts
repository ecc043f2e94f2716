import { loadConfig } from './config/config.js';
import { StartFault } from './config/start-fault.js';
import { ormOptions } from './wiring/orm.js';

/** These compare the entities with migrations/snapshot.json. */
const offlineCommands = ['migration:create', 'migration:check'];
const isOffline = offlineCommands.some((command) => process.argv.includes(command));

// The database alone: a step that only migrates is not given the keys and addresses that a server needs in production.
const { DATABASE_URL, PGSSLMODE, PGUSER, USER, USERNAME } = process.env;
const env = isOffline
  ? { DATABASE_URL: 'postgres://nobody@127.0.0.1/none' }
  : { DATABASE_URL, PGSSLMODE, PGUSER, USER, USERNAME };

/** What the MikroORM command line reads: `npm run migration:up` with `DATABASE_URL` set. */
export default ormOptions(databaseUrl());

function databaseUrl(): string {
  try {
    return loadConfig(env, ['DATABASE_URL']).databaseUrl ?? '';
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    // That command line would put it below its help, with a stack.
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
