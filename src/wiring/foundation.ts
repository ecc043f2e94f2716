import type { Logger } from 'pino';
import type { Bus } from '../bus/bus.js';
import { openBus } from '../bus/open-bus.js';
import type { RunnableConfig } from '../config/config.js';
import { JobQueue } from '../outbox/queue.js';
import { Places } from '../places/places.js';
import { type Connections, Database } from '../sql/database.js';
import { Texts } from '../texts/texts.js';
import { openPool } from './database.js';
import { Readiness } from './readiness.js';

/** What every process of Doorstep has, whichever part of it runs. */
export interface Foundation {
  readonly config: RunnableConfig;
  readonly logger: Logger;
  readonly pool: Connections;
  /** Refuses everything until `readiness` is open: no code is derived before it is known that the keys are the right ones. */
  readonly db: Database;
  readonly readiness: Readiness;
  readonly bus: Bus;
  readonly queue: JobQueue;
  readonly places: Places;
  readonly texts: Texts;
  close(): Promise<void>;
}

/** Builds what every process has. Nothing here waits for a store that is away. */
export async function createFoundation(config: RunnableConfig, logger: Logger): Promise<Foundation> {
  const pool = openPool(config.databaseUrl, logger);
  const readiness = new Readiness();
  const bus = openBus(config, logger);
  const queue = new JobQueue(config, logger);
  const places = new Places(config.geoipDatabase, logger);
  await places.refresh();
  return {
    config,
    logger,
    pool,
    db: new Database(pool, config.databasePrepare, readiness.requireOpen),
    readiness,
    bus,
    queue,
    places,
    texts: new Texts(config.mailFrom, config.productName ?? undefined),
    async close() {
      places.close();
      await queue.close();
      await bus.close();
      await pool.end();
    },
  };
}
