import { type Logger, pino } from 'pino';
import type { LogLevel } from '../config/config.js';

/** Names under which a secret could reach the log by mistake. */
const secretNames = [
  'password',
  'newPassword',
  'currentPassword',
  'token',
  'challengeToken',
  'deviceToken',
  'sessionToken',
  'code',
  'authorization',
  'cookie',
];

/** Logs as JSON lines on standard output, without secrets. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    serializers: { err: errorOf },
  });
}

/** An error without what it carries along: the statement's values, the driver's connection, a validated input. */
function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, cause } = error;
  const { code } = error as { code?: unknown };
  // To its message the ORM adds PostgreSQL's detail, which quotes the row or the key that was refused.
  const message = error.message.replace(/\n - detail: .*$/s, '');
  const stack = error.stack?.replaceAll(error.message, () => message);
  return { name, message, errorCode: code, stack, ...(cause instanceof Error ? { cause: errorOf(cause) } : {}) };
}
