import { loadConfig, type RunnableConfig } from '../config/config.js';
import { type App, createApp, type Parts } from './app.js';
import { createLogger } from './logging.js';

/** Runs parts of Doorstep with nothing embedded, as the environment says. */
export function runParts(parts: Parts): Promise<App> {
  const config = loadConfig(process.env, ['DATABASE_URL', 'SMTP_URL', 'CODE_KEYS']) as RunnableConfig;
  return createApp(config, createLogger(config.logLevel ?? 'info'), parts);
}
