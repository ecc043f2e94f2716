import { loadConfig } from './config.js';
import { ormOptions } from './database.js';

/** What the MikroORM command line reads: `npx mikro-orm migration:up` with `DATABASE_URL` set. */
export default ormOptions(loadConfig(process.env, ['DATABASE_URL']).databaseUrl ?? '');
