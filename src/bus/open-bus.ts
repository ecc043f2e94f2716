import type { BaseLogger } from 'pino';
import type { RunnableConfig } from '../config/config.js';
import type { Bus } from './bus.js';
import { LinkedBus } from './linked-bus.js';
import { PostgresLink } from './postgres-link.js';
import { RedisLink } from './redis-link.js';

/**
 * Opens the bus on Redis where there is one, else on PostgreSQL. It neither waits for the store nor fails without it:
 * listeners on the same server are woken all the same, and each outage is logged once.
 */
export function openBus(
  { redisUrl, redisPrefix, databaseUrl }: Pick<RunnableConfig, 'redisUrl' | 'redisPrefix' | 'databaseUrl'>,
  logger: Pick<BaseLogger, 'info' | 'warn' | 'error'>,
): Bus {
  return new LinkedBus(
    (events) =>
      redisUrl === null ? new PostgresLink(databaseUrl, events) : new RedisLink(redisUrl, redisPrefix, events),
    logger,
  );
}
