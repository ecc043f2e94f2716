import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, defineEntity, type EntitySchema, MikroORM, type Options, p } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { AccountRow, DeletedSubjectRow } from '../accounts/account.entity.js';
import { HeldChangeRow } from '../accounts/held-change.entity.js';
import { ActivityRow } from '../activity/activity.entity.js';
import { AuditRow } from '../audit/audit.entity.js';
import { ChallengeRow, DisplayRow } from '../challenges/challenge.entity.js';
import { ClientKeyRow, ClientRow } from '../clients/client.entity.js';
import { readPostgresUrl } from '../config/postgres-url.js';
import { migrationsFolder } from '../config/project.js';
import { ApiServerRow, DeviceRow, DeviceTokenRow, PresenceRow, PushSubscriptionRow } from '../devices/device.entity.js';
import { EventLogRow, EventRow } from '../events/event.entity.js';
import { HandOverRow } from '../hand-overs/hand-over.entity.js';
import { KeyFingerprintRow } from '../key-rings/key-fingerprint.entity.js';
import { DeliveryRow } from '../outbox/delivery.entity.js';
import { PushRow } from '../outbox/push.entity.js';
import { WebhookRow } from '../outbox/webhook.entity.js';
import { PasswordAttemptRow } from '../passwords/password-attempt.entity.js';
import { DecoySecretRow, PasswordCostRow } from '../passwords/password-cost.entity.js';
import { PasswordTallyRow } from '../passwords/password-tally.entity.js';
import { RateLimitRow } from '../rate-limits/rate-limit.entity.js';
import { SessionRow } from '../sessions/session.entity.js';
import { stepsOf, type Table } from '../sql/table.js';
import { SupportReportRow } from '../support/support-report.entity.js';
import { VerificationRow } from '../verifications/verification.entity.js';
import { connectionOptions } from './database.js';

/** Any number will do; it must only be the same in every process that migrates. */
const MIGRATION_LOCK = 7_366_883_265;

/** The ORM's options: the list of entities, and where migrations live. Nothing has a time limit: migrating takes its time. */
export function ormOptions(databaseUrl: string): Options {
  const address = readPostgresUrl(databaseUrl);
  return defineConfig({
    // To the ORM its name alone: of a URL it would leave out every option, TLS included.
    dbName: address.database,
    driverOptions: address,
    entities: [
      AccountRow,
      ActivityRow,
      ApiServerRow,
      AuditRow,
      ChallengeRow,
      ClientKeyRow,
      ClientRow,
      DecoySecretRow,
      DeletedSubjectRow,
      HeldChangeRow,
      DeliveryRow,
      DeviceRow,
      DeviceTokenRow,
      DisplayRow,
      EventLogRow,
      EventRow,
      HandOverRow,
      KeyFingerprintRow,
      PasswordAttemptRow,
      PasswordCostRow,
      PasswordTallyRow,
      PresenceRow,
      PushRow,
      PushSubscriptionRow,
      RateLimitRow,
      SessionRow,
      SupportReportRow,
      VerificationRow,
      WebhookRow,
    ].map((table) => entityOf(table)),
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

const entities = new WeakMap<object, EntitySchema>();

/** The ORM's own of a table that was described without it. */
function entityOf(table: unknown): EntitySchema {
  const { properties, ...rest } = table as Table;
  const known = entities.get(properties);
  if (known) return known;
  const columns = Object.entries(properties).map(([name, column]) => [name, () => described(column)]);
  const entity = defineEntity({ ...rest, properties: Object.fromEntries(columns) }) as unknown as EntitySchema;
  entities.set(properties, entity);
  return entity;
}

function described(column: Table['properties'][string]): unknown {
  let made: unknown = p;
  for (const [method, args] of stepsOf(column)) {
    const given = method === 'manyToOne' ? args.map(entityOf) : args;
    made = (made as Record<string, (...args: unknown[]) => unknown>)[method]?.(...given);
  }
  return made;
}

/** The ORM with its entities and its migrator, which takes long to load: where there is something to migrate, and nowhere else. */
export function openOrm(databaseUrl: string, logger: Logger): Promise<MikroORM> {
  const options = ormOptions(databaseUrl);
  return MikroORM.init({
    ...options,
    driverOptions: { ...options.driverOptions, ...connectionOptions },
    logger: (message) => logger.debug(message),
  });
}

/**
 * Lets what is under way finish, and refuses what comes after. The ORM's own `close` would wait for ever for a connection
 * that is being opened at that moment: Kysely forgets its pool at once, and fails to give it back.
 */
export async function closeOrm(orm: MikroORM): Promise<void> {
  const pool = await orm.driver.getConnection().getNativeClient();
  await pool.end();
}

/**
 * Runs what is pending. Any number of processes may do so at once: the migrator itself takes no lock, so all of it happens
 * in one transaction that holds one.
 */
export async function migrateBy(orm: MikroORM, logger: Logger): Promise<void> {
  await orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const done = await orm.migrator.up({ transaction: em.getTransactionContext() as never });
    for (const { name } of done) logger.info({ migration: name }, 'migrated');
  });
}
