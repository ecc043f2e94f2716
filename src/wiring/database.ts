import path from 'node:path';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { AccountRow } from '../accounts/account.entity.js';
import { ActivityRow } from '../activity/activity.entity.js';
import { AuditRow } from '../audit/audit.entity.js';
import { ChallengeRow, DisplayRow } from '../challenges/challenge.entity.js';
import { readPostgresUrl } from '../config/postgres-url.js';
import { projectRoot } from '../config/project.js';
import { DeviceRow, DeviceTokenRow, PresenceRow } from '../devices/device.entity.js';
import { KeyFingerprintRow } from '../key-rings/key-fingerprint.entity.js';
import { DeliveryRow } from '../outbox/delivery.entity.js';
import { PasswordAttemptRow } from '../passwords/password-attempt.entity.js';
import { DecoySecretRow, PasswordCostRow } from '../passwords/password-cost.entity.js';
import { RateLimitRow } from '../rate-limits/rate-limit.entity.js';
import { SessionRow } from '../sessions/session.entity.js';
import { Database } from '../sql/database.js';
import { PooledClient } from '../sql/pooled-client.js';
import { SupportReportRow } from '../support/support-report.entity.js';

const migrationsFolder = path.join(projectRoot, 'migrations');

/** Any number will do; it must only be the same in every process that migrates. */
const MIGRATION_LOCK = 7_366_883_265;

/** The ORM's options: the list of entities, and where migrations live. Nothing has a time limit: migrating takes its time. */
export function ormOptions(databaseUrl: string) {
  const address = readPostgresUrl(databaseUrl);
  return defineConfig({
    // To the ORM its name alone: of a URL it would leave out every option, TLS included.
    dbName: address.database,
    driverOptions: address,
    entities: [
      AccountRow,
      ActivityRow,
      AuditRow,
      ChallengeRow,
      DecoySecretRow,
      DeliveryRow,
      DeviceRow,
      DeviceTokenRow,
      DisplayRow,
      KeyFingerprintRow,
      PasswordAttemptRow,
      PasswordCostRow,
      PresenceRow,
      RateLimitRow,
      SessionRow,
      SupportReportRow,
    ],
    extensions: [Migrator],
    migrations: {
      path: migrationsFolder,
      pathTs: migrationsFolder,
      snapshotName: 'snapshot',
      // What `migration:create` saw last; a database that is merely migrated, with BullMQ's tables in it, must not replace it.
      snapshotOnMigrate: false,
      emit: 'ts',
    },
    // Written by hand in migrations. The ORM knows none that name a column, nor any that counts a whole statement's rows.
    schemaGenerator: { ignoreTriggers: true },
    pool: { min: 0, max: 10 },
    // The schema is migrations alone; connecting must not look at the database, which may be away at the start.
    ensureDatabase: false,
    allowGlobalContext: false,
  });
}

/**
 * A database that is away or hangs turns into an error, not into a request that waits for ever. PostgreSQL gives up on a
 * statement a little before the client does, so that what is merely slow is told from what does not answer.
 */
const connectionOptions = {
  Client: PooledClient,
  pipeline: true,
  connectionTimeoutMillis: 5_000,
  statement_timeout: 7_000,
  query_timeout: 8_000,
  idle_in_transaction_session_timeout: 10_000,
  keepAlive: true,
};

/** Connects lazily: the first statement opens the first connection. */
export function openDatabase(databaseUrl: string, logger: Logger): Promise<MikroORM> {
  const options = ormOptions(databaseUrl);
  return MikroORM.init({
    ...options,
    driverOptions: { ...options.driverOptions, ...connectionOptions },
    logger: (message) => logger.debug(message),
  });
}

/**
 * What runs the product's statements, on the ORM's own pool.
 * @param isNamed `DATABASE_PREPARE`
 * @param requireOpen throws while nothing may be done there yet
 */
export async function databaseOf(orm: MikroORM, isNamed = true, requireOpen?: () => void): Promise<Database> {
  return new Database(await orm.driver.getConnection().getNativeClient(), isNamed, requireOpen);
}

/**
 * Lets what is under way finish, and refuses what comes after. The ORM's own `close` would wait for ever for a connection
 * that is being opened at that moment: Kysely forgets its pool at once, and fails to give it back.
 */
export async function closeDatabase(orm: MikroORM): Promise<void> {
  const pool = await orm.driver.getConnection().getNativeClient();
  await pool.end();
}

/**
 * Brings the database to the newest migration. Any number of processes may do so at once: the migrator itself takes no
 * lock, so all of it happens in one transaction that holds one.
 */
export async function migrate(orm: MikroORM, logger: Logger): Promise<void> {
  await orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const done = await orm.migrator.up({ transaction: em.getTransactionContext() as never });
    for (const { name } of done) logger.info({ migration: name }, 'migrated');
  });
}

/** Whether every migration that this code knows has run. */
export async function isMigrated(orm: MikroORM): Promise<boolean> {
  const [table] = await orm.em
    .fork()
    .execute<{ there: boolean }[]>("select to_regclass('mikro_orm_migrations') is not null as there");
  if (!table?.there) return false;
  const pending = await orm.migrator.getPending();
  return pending.length === 0;
}
