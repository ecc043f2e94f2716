import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { RunnableConfig } from '../config/config.js';
import { readRedisUrl } from '../config/redis-url.js';
import type { Database } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';

/**
 * Marks the keys under `REDIS_PREFIX` as those of this installation, as soon as Redis is there, and warns where they are
 * another's: each would take the other's mails out of the queue, and drop them as unknown.
 */
export class RedisClaim {
  private readonly redis: Redis;

  constructor(
    private readonly config: Pick<RunnableConfig, 'redisPrefix'> & { readonly redisUrl: string },
    private readonly db: Database,
    private readonly logger: Logger,
  ) {
    this.redis = new Redis({ ...readRedisUrl(config.redisUrl), maxRetriesPerRequest: null });
    this.redis.on('error', (error) => logger.debug({ err: error }, 'redis: cannot be marked yet'));
    this.claim()
      .catch((error) => logger.debug({ err: error }, 'redis: was not marked'))
      .finally(() => this.redis.disconnect());
  }

  private async claim(): Promise<void> {
    const { redisPrefix } = this.config;
    const key = `${redisPrefix}:installation`;
    const identity = await this.identity();
    await this.redis.set(key, identity, 'NX');
    if ((await this.redis.get(key)) === identity) return;
    this.logger.warn(
      { redisPrefix, key },
      'redis: the keys under REDIS_PREFIX are those of another database: give each installation a prefix of its own; ' +
        'where the database was moved, delete this key',
    );
  }

  /** Of the database where it lies: a copy of it elsewhere is another installation. */
  private async identity(): Promise<string> {
    const row = await rowOf<{ id: string }>(
      this.db,
      sql`select c.system_identifier || '-' || d.oid as id
        from pg_control_system() as c, pg_database as d where d.datname = current_database()`,
    );
    // The database that answers is in its own list.
    return row?.id ?? '';
  }

  close(): void {
    this.redis.disconnect();
  }
}
