import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { RunnableConfig } from '../config/config.js';
import { StartFault } from '../config/start-fault.js';
import type { Inbox } from '../embedded/inbox.js';
import { mountInbox } from '../embedded/inbox-page.js';
import { enterKeys, ringsOf } from '../key-rings/key-rings.js';
import { isReadOnly } from '../postgres/read-only.js';
import { Database } from '../sql/database.js';
import { mountHealth } from '../wire/health.js';
import { createListener } from '../wire/listener.js';
import { createLocalOnly } from '../wire/local-only.js';
import { mountMetrics } from '../wire/metrics.js';
import { hasPlayground, mountPlayground } from '../wire/playground.js';
import { mountWebClient } from '../wire/web-client.js';
import type { ApiApp } from './api-app.js';
import { createFoundation, type Foundation } from './foundation.js';
import { isMigrated, migrate } from './migrations.js';
import { RedisClaim } from './redis-claim.js';
import type { WorkerApp } from './worker-app.js';

const RETRY_MS = 1_000;

/** Which parts a process runs. */
export interface Parts {
  /** HTTP, GraphQL, WebSocket; it also brings the database to the newest migration. */
  readonly api: boolean;
  /** Mail, the numbers of the feed, and clean-up. */
  readonly worker: boolean;
  /** Done to the database once it has its tables, before the process is ready; again where that failed. */
  readonly furnish?: (db: Database) => Promise<void>;
  /** Shown at `/inbox`, where there is one; never in production. */
  readonly inbox?: Inbox;
}

/** A running process of Doorstep. */
export interface App {
  /** Where the API listens, below its base path; null for a worker alone. */
  readonly url: string | null;
  /**
   * Resolves when the database has its tables and the worker, if any, takes jobs; rejects with a `StartFault` where it
   * turns out that this process must not run.
   */
  readonly ready: Promise<void>;
  /** Undoes all of it in reverse; may be called again. */
  close(): Promise<void>;
}

/**
 * Builds and starts the parts. A store that is away does not stop the start: the API listens, is not ready, and keeps
 * trying.
 * @throws if the port cannot be listened on
 */
export async function createApp(config: RunnableConfig, logger: Logger, parts: Parts): Promise<App> {
  const foundation = await createFoundation(config, logger);
  const started = new StartedApp(foundation, parts);
  try {
    await started.open();
  } catch (error) {
    await started.close();
    throw error;
  }
  return started;
}

class StartedApp implements App {
  url: string | null = null;
  ready: Promise<void> = Promise.resolve();
  private api: ApiApp | null = null;
  private worker: WorkerApp | null = null;
  private listener: FastifyInstance | null = null;
  private redisClaim: RedisClaim | null = null;
  private readonly stopping = new AbortController();
  private closed: Promise<void> | null = null;

  constructor(
    private readonly foundation: Foundation,
    private readonly parts: Parts,
  ) {}

  async open(): Promise<void> {
    const { workerPort } = this.foundation.config;
    if (this.parts.api) await this.listen();
    else if (workerPort !== null) await this.listenForHealth(workerPort);
    this.ready = this.prepare();
    // Whoever waits for it is told; nobody has to.
    this.ready.catch(() => undefined);
  }

  private async listen(): Promise<void> {
    const { config } = this.foundation;
    const { createApi } = await import('./api-app.js');
    this.api = await createApi(this.foundation);
    const { http } = this.api;
    mountHealth(http, { check: () => this.checkReady(), isClosing: () => this.stopping.signal.aborted });
    const port = () => (http.server.address() as AddressInfo).port;
    const isLocal = createLocalOnly(port);
    const inbox = config.production ? undefined : this.parts.inbox;
    const playground = config.playground && hasPlayground() ? '/playground' : null;
    await mountWebClient(http, {
      productName: this.foundation.texts.productName,
      basePath: config.basePath,
      elsewhere: playground,
      // Whoever has the inbox in this process is at work on the product; nobody else is told.
      tools: (request) => (inbox && isLocal(request) ? ['/inbox', ...(playground ? [playground] : [])] : []),
    });
    if (playground) mountPlayground(http);
    if (inbox) mountInbox(http, inbox, isLocal);
    await http.listen({ host: config.host, port: config.port });
    await this.listenForBackends();
    this.url = `http://${config.host === '127.0.0.1' ? 'localhost' : config.host}:${port()}${config.basePath}`;
  }

  private async listenForBackends(): Promise<void> {
    const { host, backendPort } = this.foundation.config;
    const listener = this.api?.backendHttp;
    if (!listener || backendPort === null) return;
    mountHealth(listener, { check: () => this.checkReady(), isClosing: () => this.stopping.signal.aborted });
    await listener.listen({ host, port: backendPort });
  }

  /** A worker serves nobody; it only says how it is. */
  private async listenForHealth(port: number): Promise<void> {
    const { config, logger } = this.foundation;
    this.listener = await createListener(config, logger);
    await mountMetrics(this.listener, config);
    mountHealth(this.listener, {
      check: async () => {
        await this.checkReady();
        await this.worker?.check();
      },
      isClosing: () => this.stopping.signal.aborted,
    });
    await this.listener.listen({ host: config.host, port });
  }

  /**
   * Waits for the database, and for its tables: the API makes them, a worker waits for them. Then for nothing more: keys
   * that are not those of the others end the start, however late it is.
   */
  private async prepare(): Promise<void> {
    const { pool, logger, config, db, readiness } = this.foundation;
    const ahead = new Database(pool, config.databasePrepare);
    for (let isFirst = true; !this.stopping.signal.aborted; isFirst = false) {
      try {
        if (this.parts.api) await migrate(ahead, config.databaseUrl, logger);
        if (this.parts.api || (await isMigrated(ahead))) {
          for (const { ring, keys } of ringsOf(config)) await enterKeys(ahead, ring, keys);
          await this.parts.furnish?.(ahead);
          break;
        }
        readiness.waitFor('the tables are not there yet');
        if (isFirst) logger.info('waiting for an API server to make the tables');
      } catch (error) {
        if (error instanceof StartFault) {
          // What it was is for the log: it may tell of keys.
          readiness.waitFor('it must not start');
          throw error;
        }
        readiness.waitFor(isReadOnly(error) ? 'the database is read-only' : 'the database cannot be used yet');
        if (isFirst) logger.error({ err: error }, 'the database cannot be used yet; trying again');
      }
      await sleep(RETRY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    if (this.stopping.signal.aborted) throw new Error('closed before it was ready');
    readiness.open();
    this.foundation.queue.open();
    const { redisUrl } = config;
    if (redisUrl !== null) this.redisClaim = new RedisClaim({ ...config, redisUrl }, db, logger);
    if (this.parts.worker) {
      const { startWorker } = await import('./worker-app.js');
      this.worker = startWorker(this.foundation);
    }
  }

  private checkReady(): Promise<void> {
    const { readiness, db, config } = this.foundation;
    return readiness.check(db, config);
  }

  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    this.stopping.abort();
    this.foundation.logger.info('stopping');
    await this.ready.catch(() => undefined);
    this.redisClaim?.close();
    await Promise.all([this.api?.close(), this.worker?.close(), this.listener?.close()]);
    await this.foundation.close();
  }
}
