import { setTimeout as sleep } from 'node:timers/promises';
import type { JobsOptions, QueueOptions, WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import type { RunnableConfig } from '../config/config.js';
import { readPostgresUrl } from '../config/postgres-url.js';
import { readRedisUrl } from '../config/redis-url.js';
import { MAILS_AT_ONCE } from '../mail/turns.js';
import { isReadOnly, writableOnly } from '../postgres/read-only.js';
import { PooledClient } from '../sql/pooled-client.js';

const QUEUE_NAME = 'mail';
/** A store that hangs must not hang a request, a sweep or a shutdown. */
const STORE_TIMEOUT_MS = 2_000;
const REOPEN_MS = 1_000;
/** Only what is still worth sending is retried, see the outbox; this only has to be more than that can ever be. */
const ATTEMPTS = 1_000;

/** What leaves by the outbox: each channel has a sender of its own. */
export const channels = ['MAIL', 'WEBHOOK', 'PUSH'] as const;
export type Channel = (typeof channels)[number];

/** What jobs are run by: each is given an id of its own channel, that of a mail or of whoever is to be sent something. */
export type Senders = { readonly [Name in Channel]: (id: string) => Promise<void> };

/** What a job carries: ids alone, for the queue is clear text and outlives the request. */
type Job = { readonly deliveryId: string } | { readonly channel: Exclude<Channel, 'MAIL'>; readonly id: string };

/** Thrown by a handler: the fault may pass, so the same job runs again after this long. */
export class RetryLater extends Error {
  constructor(
    readonly delayMs: number,
    cause: unknown,
  ) {
    super('retry later', { cause });
  }
}

/**
 * How long to wait after the nth failure: doubling from 1 s up to `maxMs`, of which a random half is taken off, so that
 * mails which failed together do not come back together.
 */
export function retryDelayMs(failures: number, maxMs: number): number {
  const full = Math.min(maxMs, 1000 * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.5 + Math.random() / 2));
}

/** What both back ends of BullMQ have in common; their own types exclude each other. */
interface Store {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface JobStore extends Store {
  add(name: string, data: Job, options: JobsOptions): Promise<unknown>;
  isPaused(): Promise<boolean>;
}
interface JobRunner extends Store {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'failed', listener: (job: { id?: string } | undefined, error: Error) => void): unknown;
  on(event: 'ready' | 'active', listener: () => void): unknown;
}

type QueueConfig = Pick<RunnableConfig, 'redisUrl' | 'redisPrefix' | 'databaseUrl'>;

/**
 * A part of BullMQ, opened when it is first asked for, and anew until it is ready. On PostgreSQL it looks for its tables
 * once, as it is made: where the database was away at that moment it would refuse every job for good. The library takes a
 * tenth of a second to load, which no start has to wait for.
 */
class UntilReady<T extends Store> {
  private opened: Promise<T> | null = null;
  private isClosing = false;
  private readonly givenUp = new WeakSet<T>();

  constructor(
    private readonly open: () => Promise<T>,
    private readonly onFault: (error: Error) => void,
  ) {}

  /** May not be ready yet. */
  current(): Promise<T> {
    this.opened ??= this.openOnce();
    return this.opened;
  }

  /** Where it cannot even be made, as where the library's files cannot be read now, that is tried again as well. */
  private openOnce(): Promise<T> {
    const opened = this.openAndWatch();
    opened.catch((error) => {
      this.onFault(error);
      void this.openLater();
    });
    return opened;
  }

  private async openAndWatch(): Promise<T> {
    const opened = await this.open();
    opened.on('error', (error) => {
      this.onFault(error);
      // The connection on which it listens is its own: one that landed on a standby would stay there for good.
      if (isReadOnly(error)) void this.giveUp(opened);
    });
    opened.waitUntilReady().catch((error) => {
      this.onFault(error);
      void this.giveUp(opened);
    });
    return opened;
  }

  private async giveUp(failed: T): Promise<void> {
    if (this.isClosing || this.givenUp.has(failed)) return;
    this.givenUp.add(failed);
    failed.close().catch(() => undefined);
    await this.openLater();
  }

  private async openLater(): Promise<void> {
    await sleep(REOPEN_MS, undefined, { ref: false });
    if (!this.isClosing) this.opened = this.openOnce();
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await (await this.opened?.catch(() => null))?.close();
  }
}

/** Puts jobs into the queue: on Redis where there is one, else on PostgreSQL. */
export class JobQueue {
  private readonly queue: UntilReady<JobStore>;
  private readonly underWay = new Set<Promise<unknown>>();
  private isAway = false;

  constructor(
    config: QueueConfig,
    private readonly logger: Logger,
  ) {
    // Fails at once while the store is away: the sweeper queues again what could not be queued.
    this.queue = new UntilReady(
      () => openQueue(config),
      (error) => this.logger.debug({ err: error }, 'queue: the store is away'),
    );
  }

  /** Opens it, unless it is open; nobody waits for it. A job that comes before it is connected is left to the sweeper. */
  open(): void {
    this.queue.current().catch((error) => this.logger.error({ err: error }, 'queue: cannot be opened'));
  }

  /** Queues the sending of a delivery; nobody waits for it. */
  enqueue(deliveryId: string): void {
    this.add({ deliveryId }, deliveryId);
  }

  /**
   * Wakes the sender of a channel, in one of the workers: there is something for this id. What there is, the rows say.
   * @param turn tells this wake-up from those before it; one that is still queued is not queued again
   */
  wake(channel: Exclude<Channel, 'MAIL'>, id: string, turn: number | string): void {
    this.add({ channel, id }, `${channel}-${id}-${turn}`);
  }

  /**
   * Queues again what was left behind. BullMQ ignores an id that it still knows, so each attempt has one of its own, and
   * is queued once.
   * @param attempts how often a worker took the delivery up before
   */
  enqueueAgain(deliveryId: string, attempts: number): void {
    this.add({ deliveryId }, `${deliveryId}-${attempts}`);
  }

  private add(job: Job, jobId: string): void {
    const added = this.tryToAdd(job, jobId).finally(() => this.underWay.delete(added));
    this.underWay.add(added);
  }

  private async tryToAdd(job: Job, jobId: string): Promise<void> {
    parseJob(job);
    const options: JobsOptions = {
      jobId,
      attempts: ATTEMPTS,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
    };
    try {
      await withinTimeout(this.queue.current().then((queue) => queue.add('send', job, options)));
      this.isAway = false;
    } catch (error) {
      if (!this.isAway) this.logger.warn({ err: error }, 'queue: cannot be reached; mails wait in the outbox');
      this.isAway = true;
    }
  }

  /** Resolves if the store answers now, and has what the queue needs. */
  async check(): Promise<void> {
    await withinTimeout(this.queue.current().then((queue) => queue.isPaused()));
  }

  /** Gives jobs that are under way a moment to get there; resolves within two seconds, whatever the store does. */
  async close(): Promise<void> {
    const closed = Promise.allSettled(this.underWay).then(() => this.queue.close());
    await withinTimeout(closed).catch(() => undefined);
  }
}

/** Takes jobs out of the queue and runs them. */
export class JobWorker {
  private readonly worker: UntilReady<JobRunner>;
  private state: 'opening' | 'working' | 'cut off' | 'closing' = 'opening';

  constructor(
    config: QueueConfig,
    senders: Senders,
    private readonly logger: Logger,
  ) {
    const open = async () => {
      const worker = await openWorker(config, (data) => {
        const { channel, id } = parseJob(data);
        return senders[channel](id);
      });
      worker.on('ready', () => this.works());
      worker.on('active', () => this.works());
      worker.on('failed', (job, error) => {
        if (!(error instanceof RetryLater)) logger.error({ err: error, jobId: job?.id }, 'worker: a job failed');
      });
      return worker;
    };
    this.worker = new UntilReady(open, (error) => this.isCutOff(error));
    // Whatever keeps it from being opened is told above.
    this.worker.current().catch(() => undefined);
  }

  private works(): void {
    if (this.state === 'working' || this.state === 'closing') return;
    this.state = 'working';
    this.logger.info('worker: takes jobs');
  }

  /** Told once, however long it lasts: away, or a role that may not use it. No mail goes meanwhile. */
  private isCutOff(error: Error): void {
    if (this.state !== 'cut off' && this.state !== 'closing') {
      this.state = 'cut off';
      this.logger.error({ err: error }, 'worker: cannot use the queue; trying again');
    } else {
      this.logger.debug({ err: error }, 'worker: still cannot use the queue');
    }
  }

  /** Whether it has ever come as far as to take jobs. */
  get hasOpened(): boolean {
    return this.state !== 'opening';
  }

  /** Takes no more jobs, and waits for those that run. */
  async close(timeoutMs: number): Promise<void> {
    this.state = 'closing';
    await withinTimeout(this.worker.close(), timeoutMs).catch(() => undefined);
  }
}

/** Those of mails name no channel. @throws TypeError */
function parseJob(data: unknown): { channel: Channel; id: string } {
  const { deliveryId, channel = 'MAIL', id = deliveryId } = (data ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id)) throw new TypeError('not a job of the outbox');
  const known = channels.find((candidate) => candidate === channel);
  if (!known) throw new TypeError('a job of no channel');
  return { channel: known, id };
}

async function openQueue({ redisUrl, redisPrefix, databaseUrl }: QueueConfig): Promise<JobStore> {
  const { createPostgresBackend, Queue } = await import('bullmq');
  const options: Omit<QueueOptions, 'connection'> = { skipWaitingForReady: true };
  if (!redisUrl) {
    return new Queue(QUEUE_NAME, { ...options, connection: postgresConnection(databaseUrl) }, createPostgresBackend);
  }
  const connection = {
    ...readRedisUrl(redisUrl),
    retryStrategy: reconnectDelayMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: STORE_TIMEOUT_MS,
  };
  // The version is asked before the connection stands, which fails without the offline queue, and BullMQ then refuses
  // every job for good. The worker's connection checks it.
  return new Queue(QUEUE_NAME, { ...options, skipVersionCheck: true, prefix: keyPrefixOf(redisPrefix), connection });
}

async function openWorker(
  { redisUrl, redisPrefix, databaseUrl }: QueueConfig,
  run: (data: unknown) => Promise<void>,
): Promise<JobRunner> {
  const { createPostgresBackend, Worker } = await import('bullmq');
  const options: Omit<WorkerOptions, 'connection'> = {
    concurrency: MAILS_AT_ONCE,
    // Its own pause after a cut connection is 15 s, and mails would wait that long.
    runRetryDelay: REOPEN_MS,
    settings: {
      backoffStrategy: (failures, _type, error) =>
        error instanceof RetryLater ? error.delayMs : retryDelayMs(failures ?? 1, 30_000),
    },
  };
  const process = (job: { data: Job }) => run(job.data);
  if (!redisUrl) {
    return new Worker(
      QUEUE_NAME,
      process,
      { ...options, connection: postgresConnection(databaseUrl) },
      createPostgresBackend,
    );
  }
  const connection = { ...readRedisUrl(redisUrl), retryStrategy: reconnectDelayMs, maxRetriesPerRequest: null };
  return new Worker(QUEUE_NAME, process, { ...options, prefix: keyPrefixOf(redisPrefix), connection });
}

/** Before all of BullMQ's keys. */
function keyPrefixOf(redisPrefix: string): string {
  return [redisPrefix, 'bull'].join(':');
}

/** BullMQ's own delay grows to 20 s, and mails would wait that long after Redis is back. */
function reconnectDelayMs(failures: number): number {
  return retryDelayMs(failures, STORE_TIMEOUT_MS);
}

function postgresConnection(databaseUrl: string) {
  return {
    ...readPostgresUrl(databaseUrl),
    schema: 'bullmq',
    migrate: true,
    max: 5,
    connectionTimeoutMillis: STORE_TIMEOUT_MS,
    keepAlive: true,
    Client: PooledClient,
    ...writableOnly,
  };
}

async function withinTimeout<T>(work: Promise<T>, timeoutMs = STORE_TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs).unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
