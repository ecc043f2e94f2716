import { createApp } from './app.js';
import { loadConfig, type RunnableConfig } from './config.js';
import { createLogger } from './logging.js';
import { runProcess } from './process.js';

await runProcess(() => {
  const config = loadConfig(process.env, ['DATABASE_URL', 'SMTP_URL', 'CODE_KEYS']) as RunnableConfig;
  return createApp(config, createLogger(config.logLevel ?? 'info'), { api: true, worker: false });
});
