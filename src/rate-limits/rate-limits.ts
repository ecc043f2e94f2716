import { Redis } from 'ioredis';
import pg from 'pg';
import type { Logger } from 'pino';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { RateLimited } from '../api/errors.js';
import type { RunnableConfig } from '../config/config.js';
import { readPostgresUrl } from '../config/postgres-url.js';
import { readRedisUrl } from '../config/redis-url.js';
import { clientNetworks } from '../places/client-network.js';
import { writableOnly } from '../postgres/read-only.js';
import { Wait } from '../texts/times.js';

/** What is counted by client network: being wrong about it costs mail or time, and lets nobody in. */
export type NetworkLimit =
  | 'SIGN_INS_PER_IP_HOUR'
  | 'CHALLENGES_PER_IP_HOUR'
  | 'OPEN_CHALLENGES_PER_IP_HOUR'
  | 'PASSWORD_FAILURES_PER_IP_HOUR'
  | 'KEY_FAILURES_PER_IP_HOUR'
  | 'VETO_FAILURES_PER_IP_HOUR';

const networkLimits: readonly NetworkLimit[] = [
  'SIGN_INS_PER_IP_HOUR',
  'CHALLENGES_PER_IP_HOUR',
  'OPEN_CHALLENGES_PER_IP_HOUR',
  'PASSWORD_FAILURES_PER_IP_HOUR',
  'KEY_FAILURES_PER_IP_HOUR',
  'VETO_FAILURES_PER_IP_HOUR',
];

const HOUR_SECONDS = 3600;
/** How much more a /48 may do than one /64 of it. */
const WIDE_FACTOR = 10;
/**
 * Past this the store counts as away, and the process counts by itself. A request asks it twice, and then the database,
 * which may take 8 of the 10 seconds that a request may be held up.
 */
const STORE_TIMEOUT_MS = 500;
/** The same for one command to Redis: a sign-in sends up to five, one after the other. */
const COMMAND_TIMEOUT_MS = 300;

/** Who is counted: a client by its address, or a device that an account knows. */
type LimitedAsker = string | { readonly deviceId: string };

interface Counter {
  readonly narrow: RateLimiterAbstract;
  readonly wide: RateLimiterAbstract;
}

/**
 * Limits by client network, over all servers: counted in Redis, or in PostgreSQL where there is none. While the store
 * is away each process counts by itself.
 */
export class RateLimits {
  private readonly counters: ReadonlyMap<NetworkLimit, Counter>;
  private readonly disconnect: () => Promise<void>;

  constructor(config: Pick<RunnableConfig, 'redisUrl' | 'redisPrefix' | 'databaseUrl' | 'limits'>, logger: Logger) {
    const { open, disconnect } = config.redisUrl
      ? redisStore(config.redisUrl, config.redisPrefix, logger)
      : postgresStore(config.databaseUrl, logger);
    this.disconnect = disconnect;
    this.counters = new Map(
      networkLimits.map((name) => [
        name,
        {
          narrow: open(`${name}:narrow`, config.limits[name]),
          wide: open(`${name}:wide`, WIDE_FACTOR * config.limits[name]),
        },
      ]),
    );
  }

  /** Counts one for the client's network, or for a device by itself; one that has none left costs a look. @throws RateLimited if it is one too many */
  async take(name: NetworkLimit, asker: LimitedAsker): Promise<void> {
    await this.look(name, asker);
    await this.count(name, asker);
  }

  /** Looks, and counts nothing. @throws RateLimited if the client's network has none left */
  async look(name: NetworkLimit, asker: LimitedAsker): Promise<void> {
    await this.each(name, asker, requireLeft);
  }

  /** Counts without a look before. @throws RateLimited if that is one too many */
  async count(name: NetworkLimit, asker: LimitedAsker): Promise<void> {
    await this.each(name, asker, consume);
  }

  /** Takes back what was counted. */
  async giveBack(name: NetworkLimit, asker: LimitedAsker): Promise<void> {
    await this.each(name, asker, (counter, network) => counter.reward(network));
  }

  private async each(
    name: NetworkLimit,
    asker: LimitedAsker,
    work: (counter: RateLimiterAbstract, key: string) => Promise<unknown>,
  ): Promise<void> {
    const { narrow, wide } =
      typeof asker === 'string' ? clientNetworks(asker) : { narrow: `device:${asker.deviceId}`, wide: null };
    const counter = this.counters.get(name) as Counter;
    await Promise.all([work(counter.narrow, narrow), wide && work(counter.wide, wide)]);
  }

  close(): Promise<void> {
    return this.disconnect();
  }
}

async function requireLeft(counter: RateLimiterAbstract, network: string): Promise<void> {
  const counted = await counter.get(network);
  if (!counted || counted.consumedPoints < counter.points) return;
  throw new RateLimited(Wait.of(counted.msBeforeNext));
}

async function consume(counter: RateLimiterAbstract, network: string): Promise<void> {
  try {
    await counter.consume(network);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) throw new RateLimited(Wait.of(refusal.msBeforeNext));
    throw refusal;
  }
}

function redisStore(redisUrl: string, prefix: string, logger: Logger) {
  const client = new Redis({
    ...readRedisUrl(redisUrl),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: STORE_TIMEOUT_MS,
  });
  client.on('error', (error) => logger.debug({ err: error }, 'rate limits: Redis is away'));
  return {
    open: (keyPrefix: string, points: number) =>
      new RateLimiterRedis({
        storeClient: client,
        keyPrefix: `${prefix}:${keyPrefix}`,
        points,
        duration: HOUR_SECONDS,
        insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration: HOUR_SECONDS }),
      }),
    disconnect: async () => client.disconnect(),
  };
}

function postgresStore(databaseUrl: string, logger: Logger) {
  const pool = new pg.Pool({
    ...readPostgresUrl(databaseUrl),
    ...writableOnly,
    max: 2,
    connectionTimeoutMillis: STORE_TIMEOUT_MS,
    query_timeout: STORE_TIMEOUT_MS,
    allowExitOnIdle: true,
  });
  pool.on('error', (error) => logger.debug({ err: error }, 'rate limits: PostgreSQL is away'));
  return {
    open: (keyPrefix: string, points: number) =>
      new RateLimiterPostgres({
        storeClient: pool,
        storeType: 'pool',
        tableName: 'rate_limit',
        tableCreated: true,
        keyPrefix,
        points,
        duration: HOUR_SECONDS,
        insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration: HOUR_SECONDS }),
      }),
    disconnect: () => pool.end(),
  };
}
