import { userInfo } from 'node:os';
import { pino } from 'pino';
import { noteAct } from '../audit/audits.js';
import type { CodeKey } from '../codes/keys.js';
import type { Allowed } from '../config/allow-list.js';
import { type Config, loadConfig } from '../config/config.js';
import { readDevelopmentKeys } from '../config/development-keys.js';
import type { Limits } from '../config/limits.js';
import { StartFault } from '../config/start-fault.js';
import { borrowPostgres } from '../embedded/postgres.js';
import { Database, type Sql } from '../sql/database.js';
import { openPool } from '../wiring/database.js';
import { isMigrated } from '../wiring/migrations.js';
import type { Terminal } from './terminal.js';

/** What commands work with. */
export interface Office {
  /** Reads. */
  read<T>(work: (db: Sql) => Promise<T>): Promise<T>;
  /**
   * Does something, and writes down that it was done, or neither.
   * @param act the command, such as `key forget`
   * @param subject what it is done to; no secret
   */
  act<T>(act: string, subject: string, work: (db: Sql) => Promise<T>): Promise<T>;
  readonly limits: Limits;
  /** Where webhooks may go besides https at public addresses. */
  readonly webhookAllow: readonly Allowed[];
  /** Those of `CODE_KEYS`, or else of `npm start`, the newest first; empty where there are none here. */
  codeKeys(): Promise<readonly CodeKey[]>;
}

/** What the command line reads: it can do without keys and addresses, and must not ask for them in production. */
const variables = [
  'DATABASE_URL',
  'DATABASE_PREPARE',
  'DATA_DIR',
  'PGSSLMODE',
  'CODE_KEYS',
  'KEYS_PER_CLIENT',
  'WEBHOOKS_PER_CLIENT',
  'WEBHOOK_ALLOW',
  'AUDIENCES',
] as const;

/** The office on the database that the environment names: `DATABASE_URL`, or else the embedded one of `DATA_DIR`. */
export function officeOf(env: NodeJS.ProcessEnv, terminal: Terminal): Office {
  const config = loadConfig(Object.fromEntries(variables.map((name) => [name, env[name]])));
  return {
    limits: config.limits,
    webhookAllow: config.webhookAllow,
    codeKeys: async () => (config.codeKeys.length > 0 ? config.codeKeys : ((await readDevelopmentKeys(config)) ?? [])),
    read: (work) => withDatabase(config, terminal, work),
    act: (act, subject, work) =>
      withDatabase(config, terminal, (db) =>
        db.transaction(async (tx) => {
          const result = await work(tx);
          await noteAct(tx, { actor: actor(), act, subject });
          return result;
        }),
      ),
  };
}

async function withDatabase<T>(config: Config, terminal: Terminal, work: (db: Database) => Promise<T>): Promise<T> {
  const { databaseUrl, dataDir, databasePrepare } = config;
  const embedded = databaseUrl ? null : await borrowPostgres({ dataDir, log: (line) => terminal.note(line) });
  try {
    const pool = openPool(databaseUrl ?? embedded?.url ?? '', pino({ level: 'silent' }));
    try {
      const db = new Database(pool, databasePrepare);
      if (!(await isMigrated(db))) {
        throw new StartFault('The database does not have the tables of this version yet: start an API server first.');
      }
      return await work(db);
    } finally {
      await pool.end();
    }
  } finally {
    await embedded?.stop();
  }
}

/** Whoever runs this, as the operating system knows them. */
function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without a line in the list of users, as in some containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
