import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientBase, DatabaseError } from 'pg';
import { StartFault } from '../config/start-fault.js';
import { type Cluster, openCluster, ROLE } from './postgres-cluster.js';
import { findServer, runServer, type Server, stopServer } from './postgres-server.js';

/** A PostgreSQL server of our own that runs until `stop()`. */
export interface EmbeddedPostgres {
  /** With its random password: a secret, not for logs. */
  readonly url: string;
  /** Where the data really lie: the folder asked for, or the system folder that stands in for it. */
  readonly dataDir: string;
  /** Shuts the server down, ending connections that are still open; resolves when it is gone. */
  stop(): Promise<void>;
}

const DATABASE = 'doorstep';

/** Holds in database `postgres`, which nothing else uses; any number will do. */
const CLAIM = 1;

/** How long a start waits for one that was killed a moment ago to be noticed as gone. */
const CLAIM_WITHIN = '2s';

const RETRY_MS = 20;

const LOCK_NOT_AVAILABLE = '55P03';
/** Starting, recovering after the crash of one connection, or shutting down. */
const CANNOT_CONNECT_NOW = '57P03';

/**
 * Starts PostgreSQL on the data in `dataDir`, making them first where there are none: on a free port of 127.0.0.1, with
 * a random password, in a session of its own. If this process is killed the server lives on, and the next start takes it
 * over; if the server is killed, it is started again on the same port.
 * @param options.log takes one line at a time, for the person who runs this
 * @throws Error whose message says what to do: the data are in use by another process, of another version or another
 *   user, or there is no PostgreSQL for this platform
 */
export async function startPostgres(options: { dataDir: string; log(line: string): void }): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(options.dataDir, options.log);
  const { server, claim } = await claimServer(cluster, 0);
  return new ClaimedPostgres(cluster, server, claim, options.log);
}

/**
 * The database in `dataDir` for a moment, whether or not a Doorstep runs on it: on the server that it has there, or on one
 * that is started, and that `stop()` ends.
 * @param options.log takes one line at a time, for the person who runs this
 * @throws Error whose message says what to do, as `startPostgres` does, and if there is no database
 */
export async function borrowPostgres(options: { dataDir: string; log(line: string): void }): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(options.dataDir, options.log, { mayMake: false });
  if (!findServer(cluster.data)) return startPostgres(options);
  const server = await runServer(cluster, 0);
  return { url: urlOf(cluster, server), dataDir: cluster.dataDir, stop: async () => undefined };
}

function urlOf({ password }: Cluster, { port }: Server): string {
  return `postgres://${ROLE}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

class ClaimedPostgres implements EmbeddedPostgres {
  readonly url: string;
  readonly dataDir: string;
  private readonly port: number;
  private claim: ClientBase | null = null;
  private isStopping = false;
  private recovery: Promise<void> | null = null;
  private stopped: Promise<void> | null = null;

  constructor(
    private readonly cluster: Cluster,
    server: Server,
    claim: ClientBase,
    private readonly log: (line: string) => void,
  ) {
    this.url = urlOf(cluster, server);
    this.dataDir = cluster.dataDir;
    this.port = server.port;
    this.hold(claim);
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    this.isStopping = true;
    await this.recovery;
    // Without the claim the server is not ours to stop. It is held to the end, so that no start gets in between.
    const { claim } = this;
    if (!claim) return;
    const ended = new Promise<void>((resolve) => claim.once('end', resolve));
    await stopServer(this.cluster);
    await ended;
  }

  private hold(claim: ClientBase): void {
    this.claim = claim;
    claim.once('end', () => {
      this.claim = null;
      if (!this.isStopping) this.recovery = this.recover();
    });
  }

  private async recover(): Promise<void> {
    this.log('The embedded PostgreSQL went away: bringing it back.');
    while (!this.isStopping) {
      try {
        const { claim } = await claimServer(this.cluster, this.port);
        this.hold(claim);
        this.log('The embedded PostgreSQL is back.');
        return;
      } catch (error) {
        this.log(error instanceof Error ? error.message : String(error));
        await delay(1_000);
      }
    }
  }
}

/**
 * Runs the server and claims it for this process: a lock that goes with its connection, so that a claim never outlives
 * who made it, however that one died.
 */
async function claimServer(cluster: Cluster, port: number): Promise<{ server: Server; claim: ClientBase }> {
  for (;;) {
    const server = await runServer(cluster, port);
    const claim = connect(cluster, server.port);
    try {
      await claim.connect();
      await claim.query('select pg_advisory_lock($1)', [CLAIM]);
      await createDatabase(claim);
      return { server, claim };
    } catch (error) {
      const reason = codeOf(error) === LOCK_NOT_AVAILABLE ? await refusal(claim, cluster) : error;
      await claim.end();
      // Whoever held the claim may have been shutting the server down: then it is started again.
      if (findServer(cluster.data)?.isReady && codeOf(error) !== CANNOT_CONNECT_NOW) throw reason;
      await delay(RETRY_MS);
    }
  }
}

function connect({ password }: Cluster, port: number) {
  const claim = new Client({
    host: '127.0.0.1',
    port,
    user: ROLE,
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 10_000,
    options: `-c lock_timeout=${CLAIM_WITHIN}`,
    application_name: `doorstep ${process.pid}`,
  });
  // What ends the connection is seen at 'end'; without a listener it would end the process.
  claim.on('error', () => undefined);
  return claim;
}

/** The SQLSTATE of what the server answered; undefined if it did not answer. */
function codeOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

async function refusal(claim: ClientBase, { dataDir }: Cluster): Promise<Error> {
  const { rows } = await claim.query<{ name: string }>(
    `select application_name as name from pg_stat_activity join pg_locks using (pid)
      where locktype = 'advisory' and granted`,
  );
  const holder = rows[0]?.name.replace('doorstep', 'process') ?? 'another process';
  return new StartFault(
    `The data in ${dataDir} are in use by a Doorstep that is running already (${holder}). ` +
      'Stop that one first, or give this one a DATA_DIR of its own.',
  );
}

async function createDatabase(claim: ClientBase): Promise<void> {
  const { rowCount } = await claim.query('select 1 from pg_database where datname = $1', [DATABASE]);
  if (rowCount === 0) await claim.query(`create database ${DATABASE}`);
}
