import { mkdir } from 'node:fs/promises';
import { admitDevelopmentKey } from './clients/clients.js';
import { type Config, loadConfig, type RunnableConfig } from './config/config.js';
import {
  developmentClientKey,
  developmentKeys,
  developmentSigningKeys,
  developmentVapidKeys,
} from './config/development-keys.js';
import { type Inbox, startInbox } from './embedded/inbox.js';
import { type EmbeddedPostgres, startPostgres } from './embedded/postgres.js';
import type { Database } from './sql/database.js';
import { type App, createApp } from './wiring/app.js';
import { createLogger } from './wiring/logging.js';
import { runProcess } from './wiring/process.js';

/** What was started, in the order in which it has to go: PostgreSQL last. */
class EmbeddedParts {
  app: App | null = null;

  constructor(
    private readonly postgres: EmbeddedPostgres | null,
    private readonly inbox: Inbox | null,
  ) {}

  async close(): Promise<void> {
    await this.app?.close();
    await this.inbox?.close();
    await this.postgres?.stop();
  }
}

interface Things {
  readonly inbox: Inbox | null;
  readonly postgres: EmbeddedPostgres | null;
  readonly clientKeyFile: string | null;
}

function tellWhereThingsAre(app: App, config: Config, { inbox, postgres, clientKeyFile }: Things): void {
  say('');
  say(`  Doorstep      ${app.url}`);
  if (config.playground) say(`  Playground    ${app.url}/playground`);
  say(
    inbox
      ? `  Inbox         ${app.url}/inbox  (every mail lands here; SMTP on ${inbox.smtpUrl})`
      : '  Mail goes to SMTP_URL',
  );
  say(`  Database      ${postgres ? `embedded, data in ${postgres.dataDir}` : 'from DATABASE_URL'}`);
  if (clientKeyFile)
    say(`  Backends      ${backendUrl(app, config)}  (the key of a client for development: ${clientKeyFile})`);
  if (!config.redisUrl) say('  Queue, bus    on PostgreSQL (for more than one server set REDIS_URL)');
  say('');
  say('  Try it: npm run demo      Stop: Ctrl-C');
  say('');
}

function backendUrl({ url }: App, { backendPort }: Config): string {
  const at = new URL('/backend/graphql', url ?? undefined);
  if (backendPort !== null) at.port = String(backendPort);
  return at.href;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Everything in one process, for the first five minutes: what the environment does not name is embedded. */
async function start(): Promise<EmbeddedParts> {
  const config = loadConfig(process.env);
  const logger = createLogger(config.logLevel ?? 'warn');
  await mkdir(config.dataDir, { recursive: true });
  const postgres = config.databaseUrl ? null : await startPostgres({ dataDir: config.dataDir, log: say });
  const inbox = config.smtpUrl ? null : await startInbox({ logger });
  const parts = new EmbeddedParts(postgres, inbox);
  try {
    const complete: RunnableConfig = {
      ...config,
      databaseUrl: config.databaseUrl ?? postgres?.url ?? '',
      smtpUrl: config.smtpUrl ?? inbox?.smtpUrl ?? '',
      codeKeys: config.codeKeys.length > 0 ? config.codeKeys : await developmentKeys(config),
      // Where it is run for real, whoever reads a file must not sign for everybody.
      signingKeys:
        config.signingKeys.length > 0 || config.production ? config.signingKeys : await developmentSigningKeys(config),
      // They let nobody in: whoever reads the file finds no endpoint in it, nor what messages are encrypted with.
      vapidKeys: config.vapidKeys.length > 0 ? config.vapidKeys : await developmentVapidKeys(config),
    };
    let clientKeyFile: string | null = null;
    const furnish = async (db: Database) => {
      clientKeyFile = await developmentClientKey(config, (key) =>
        db.transaction((tx) => admitDevelopmentKey(tx, key, config.limits)),
      );
    };
    parts.app = await createApp(complete, logger, {
      api: true,
      worker: true,
      inbox: inbox ?? undefined,
      // Where it is run for real, whoever reads a file must not have everybody's accounts.
      furnish: config.production ? undefined : furnish,
    });
    await parts.app.ready;
    tellWhereThingsAre(parts.app, complete, { inbox, postgres, clientKeyFile });
    return parts;
  } catch (error) {
    await parts.close();
    throw error;
  }
}

await runProcess(async () => start);
