import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CodeKey, parseCodeKeys } from './codes/keys.js';
import { type Config, loadConfig, type RunnableConfig } from './config/config.js';
import { type Inbox, startInbox } from './embedded/inbox.js';
import { type EmbeddedPostgres, startPostgres } from './embedded/postgres.js';
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

/** Keys for development, made once; whoever reads the file can derive the codes of open challenges. */
async function developmentKeys(config: Config): Promise<CodeKey[]> {
  const file = path.join(config.dataDir, 'code-keys');
  // Another key is never called the same, whatever became of the file and of the database meanwhile.
  const id = randomBytes(4).toString('hex');
  try {
    await writeFile(file, `dev-${id}:${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return parseCodeKeys(await readFile(file, 'utf8'));
}

function tellWhereThingsAre(app: App, config: Config, inbox: Inbox | null, postgres: EmbeddedPostgres | null): void {
  say('');
  say(`  Doorstep      ${app.url}`);
  if (config.playground) say(`  Playground    ${app.url}/playground`);
  say(
    inbox
      ? `  Inbox         ${app.url}/inbox  (every mail lands here; SMTP on ${inbox.smtpUrl})`
      : '  Mail goes to SMTP_URL',
  );
  say(`  Database      ${postgres ? `embedded, data in ${postgres.dataDir}` : 'from DATABASE_URL'}`);
  if (!config.redisUrl) say('  Queue, bus    on PostgreSQL (for more than one server set REDIS_URL)');
  say('');
  say('  Try it: npm run demo      Stop: Ctrl-C');
  say('');
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
    };
    parts.app = await createApp(complete, logger, { api: true, worker: true, inbox: inbox ?? undefined });
    await parts.app.ready;
    tellWhereThingsAre(parts.app, complete, inbox, postgres);
    return parts;
  } catch (error) {
    await parts.close();
    throw error;
  }
}

await runProcess(async () => start);
