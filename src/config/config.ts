import { readFileSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import addressParser from 'nodemailer/lib/addressparser';
import { type CodeKey, parseCodeKeys } from '../codes/keys.js';
import { parseSigningKeys, type SigningKey } from '../codes/signing-keys.js';
import { type Allowed, allowedHost } from './allow-list.js';
import { readBasePath } from './base-path.js';
import { type LimitName, type Limits, limitTable } from './limits.js';
import { readPostgresUrl } from './postgres-url.js';
import { readRedisUrl } from './redis-url.js';
import { returnOrigin } from './return-origin.js';
import { readSmtpUrl } from './smtp-url.js';
import { StartFault } from './start-fault.js';

/** A name and an address, as in `Doorstep <no-reply@localhost>`. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** The key that mails are signed with (RFC 6376). */
export interface Dkim {
  readonly domainName: string;
  readonly keySelector: string;
  readonly privateKey: string;
}

/** Everything that can be set, checked and frozen. `null` means: not set. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Where products' backends are served, on a listener of their own; null: beside everything else. */
  readonly backendPort: number | null;
  /** Where a worker that runs alone answers for its health; null: nowhere. */
  readonly workerPort: number | null;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  /** Whether statements are prepared by name, once a connection; a pooler in between may not know them. */
  readonly databasePrepare: boolean;
  readonly redisUrl: string | null;
  /** Before every key and channel in Redis, and a colon after it. */
  readonly redisPrefix: string;
  readonly smtpUrl: string | null;
  readonly mailFrom: Mailbox;
  /** What people are told the product is called; null: as its mails are signed. */
  readonly productName: string | null;
  /** The newest first; empty only until `npm start` has made development keys. */
  readonly codeKeys: readonly CodeKey[];
  /** What access tokens are signed with, the newest first; empty: there are none. */
  readonly signingKeys: readonly SigningKey[];
  /** What says to push services who sends (RFC 8292), the newest first; empty: there is no push. */
  readonly vapidKeys: readonly SigningKey[];
  /** Whom push services write to: `mailto:` or https. */
  readonly vapidSubject: string;
  /** Where browsers find the pages, `basePath` and a slash included; its origin decides cookies. */
  readonly publicUrl: URL;
  /** The path below which the server is found on a host that it shares, without a slash at its end; empty: it has the host. */
  readonly basePath: string;
  /** Origins that the pages may lead back to, as `returnOriginOf` writes them. */
  readonly returnOrigins: readonly string[];
  /** Origins for CORS and for a WebSocket's upgrade, that of `publicUrl` included. */
  readonly allowedOrigins: readonly string[];
  readonly playground: boolean;
  readonly introspection: boolean;
  readonly metricsToken: string | null;
  readonly supportContact: string | null;
  readonly dkim: Dkim | null;
  /** A folder whose files stand in for those of `templates/mail`, by name. */
  readonly mailTemplates: string | null;
  readonly geoipDatabase: string | null;
  /** Addresses and networks (CIDR) of proxies whose forwarding headers count. */
  readonly trustProxy: readonly string[];
  /** Where webhooks may go besides https at public addresses. */
  readonly webhookAllow: readonly Allowed[];
  /** The same for push services. */
  readonly pushAllow: readonly Allowed[];
  /** Null: each process has its own default. */
  readonly logLevel: LogLevel | null;
  readonly limits: Limits;
}

/** A configuration with which the API and the worker can run. */
export type RunnableConfig = Config & { readonly databaseUrl: string; readonly smtpUrl: string };

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Every fault of a configuration, one line each. */
export class ConfigError extends StartFault {
  constructor(readonly faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that have no embedded part to stand in for them outside `npm start`. */
export type Needed = 'DATABASE_URL' | 'SMTP_URL' | 'CODE_KEYS' | 'MAIL_FROM' | 'PUBLIC_URL';

const neededInProduction: readonly Needed[] = ['DATABASE_URL', 'SMTP_URL', 'CODE_KEYS', 'MAIL_FROM', 'PUBLIC_URL'];

/**
 * Reads and checks the environment.
 * @param needed what this process cannot run without; in production always all of `Needed`
 * @throws ConfigError that lists every fault at once
 */
export function loadConfig(env: Environment, needed: readonly Needed[] = []): Config {
  const faults: string[] = [];
  const read = new Reader(env, faults);

  const production = read.choice('NODE_ENV', ['production', 'development', 'test'], 'development') === 'production';
  const port = read.wholeNumber('PORT', 4000, 0, 65_535);
  const publicAddress = read.parsed('PUBLIC_URL', publicUrlOf) ?? new URL(`http://localhost:${port}`);
  const basePath = basePathOf(publicAddress, read.parsed('BASE_PATH', readBasePath), faults);
  const publicUrl = new URL(`${basePath}/`, publicAddress);
  if (production && env.PUBLIC_URL && publicUrl.protocol !== 'https:') {
    faults.push('PUBLIC_URL must be https in production: session cookies must not travel in clear');
  }
  for (const name of new Set([...(production ? neededInProduction : []), ...needed])) {
    if (!env[name]?.trim()) faults.push(`${name} is missing`);
  }
  const limits = Object.fromEntries(
    Object.entries(limitTable).map(([name, { default: value, min, max }]) => [
      name,
      read.wholeNumber(name, value, min, max),
    ]),
  ) as Record<LimitName, number>;
  checkLimits(limits, faults);

  const mailFrom = read.parsed('MAIL_FROM', mailbox) ?? { name: 'Doorstep', address: 'no-reply@localhost' };
  const config: Config = {
    production,
    host: read.text('HOST') ?? '127.0.0.1',
    port,
    backendPort: read.wholeNumber('BACKEND_PORT', null, 1, 65_535),
    workerPort: read.wholeNumber('WORKER_PORT', null, 1, 65_535),
    dataDir: read.text('DATA_DIR') ?? '.data',
    databaseUrl: read.parsed('DATABASE_URL', readBy(readPostgresUrl)),
    databasePrepare: read.flag('DATABASE_PREPARE', true),
    redisUrl: read.parsed('REDIS_URL', readBy(readRedisUrl)),
    redisPrefix: read.parsed('REDIS_PREFIX', redisPrefix) ?? 'doorstep',
    smtpUrl: read.parsed('SMTP_URL', readBy(readSmtpUrl)),
    mailFrom,
    productName: read.parsed('PRODUCT_NAME', productName),
    codeKeys: read.parsed('CODE_KEYS', parseCodeKeys) ?? [],
    signingKeys: read.parsed('SIGNING_KEYS', parseSigningKeys) ?? [],
    vapidKeys: read.parsed('VAPID_KEYS', parseSigningKeys) ?? [],
    vapidSubject: read.parsed('VAPID_SUBJECT', vapidSubject) ?? contactOf(publicUrl, mailFrom),
    publicUrl,
    basePath,
    returnOrigins: read.list('RETURN_ORIGINS', returnOrigin),
    allowedOrigins: allowedOrigins(publicUrl, read.list('ALLOWED_ORIGINS', origin), production),
    playground: read.flag('PLAYGROUND', !production),
    introspection: read.flag('INTROSPECTION', !production),
    metricsToken: read.text('METRICS_TOKEN'),
    supportContact: read.text('SUPPORT_CONTACT'),
    dkim: readDkim(read, faults),
    mailTemplates: read.text('MAIL_TEMPLATES'),
    geoipDatabase: read.text('GEOIP_DATABASE'),
    trustProxy: read.list('TRUST_PROXY', proxyNetwork),
    webhookAllow: read.list('WEBHOOK_ALLOW', allowed),
    pushAllow: read.list('PUSH_ALLOW', allowed),
    logLevel: read.text('LOG_LEVEL') ? read.choice('LOG_LEVEL', logLevels, 'info') : null,
    limits,
  };
  if (config.databaseUrl) checkDriverVariables(config.databaseUrl, env, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze({ ...config, limits: Object.freeze(limits) });
}

/** What PostgreSQL's driver reads from its environment, or would be thought to. */
function checkDriverVariables(databaseUrl: string, env: Environment, faults: string[]): void {
  if (env.PGSSLMODE && !/[?&]sslmode=/.test(databaseUrl)) {
    faults.push('PGSSLMODE does not count: say sslmode= in DATABASE_URL');
  }
  // Whoever runs the process, as the driver finds out; in a container often nobody.
  const systemUser = process.platform === 'win32' ? env.USERNAME : env.USER;
  if (!readPostgresUrl(databaseUrl).user && !env.PGUSER && !systemUser) {
    faults.push('DATABASE_URL names no user, and neither does PGUSER');
  }
}

function checkLimits(limits: Limits, faults: string[]): void {
  const ascending: [LimitName, LimitName][] = [
    ['ACCOUNT_TRIES_BEFORE_PAUSE', 'ACCOUNT_TRIES_BEFORE_STOP'],
    ['SESSION_IDLE_DAYS', 'SESSION_MAX_DAYS'],
    ['TRUSTED_SESSION_IDLE_DAYS', 'TRUSTED_SESSION_MAX_DAYS'],
    ['TRUST_IDLE_DAYS', 'TRUST_MAX_DAYS'],
    ['TRUSTED_DEVICES', 'DEVICES'],
    ['RESEND_SECONDS', 'CHALLENGE_SECONDS'],
  ];
  for (const [lower, upper] of ascending) {
    if (limits[lower] > limits[upper]) faults.push(`${lower} (${limits[lower]}) is above ${upper} (${limits[upper]})`);
  }
}

function readDkim(read: Reader, faults: string[]): Dkim | null {
  const domainName = read.text('DKIM_DOMAIN');
  const keySelector = read.text('DKIM_SELECTOR');
  const privateKey = read.parsed('DKIM_KEY_FILE', (path) => readFileSync(path, 'utf8'));
  if (domainName && keySelector && privateKey) return { domainName, keySelector, privateKey };
  if (domainName || keySelector || privateKey) {
    faults.push('DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE go together');
  }
  return null;
}

function allowedOrigins(publicUrl: URL, listed: readonly string[], production: boolean): string[] {
  const origins = new Set([publicUrl.origin, ...listed]);
  if (!production && publicUrl.hostname === 'localhost')
    origins.add(publicUrl.origin.replace('localhost', '127.0.0.1'));
  return [...origins];
}

/** Reads variables by name and collects what is wrong with them; an empty one counts as not set. */
class Reader {
  constructor(
    private readonly env: Environment,
    private readonly faults: string[],
  ) {}

  text(name: string): string | null {
    return this.env[name]?.trim() || null;
  }

  /** The value as `parse` makes it; what `parse` throws is the fault. */
  parsed<T>(name: string, parse: (text: string) => T): T | null {
    const text = this.text(name);
    if (text === null) return null;
    try {
      return parse(text);
    } catch (error) {
      this.faults.push(`${name} ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  list<T>(name: string, parse: (entry: string) => T): T[] {
    const entries = (this.text(name) ?? '').split(',').map((entry) => entry.trim());
    return entries.filter(Boolean).flatMap((entry) => {
      try {
        return [parse(entry)];
      } catch (error) {
        this.faults.push(`${name}: '${entry}' ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    });
  }

  wholeNumber<T extends number | null>(name: string, preset: T, min: number, max: number): number | T {
    const text = this.text(name);
    if (text === null) return preset;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.faults.push(`${name} must be a whole number from ${min} to ${max}, not '${text}'`);
    return preset;
  }

  choice<T extends string>(name: string, choices: readonly T[], preset: T): T {
    const text = this.text(name);
    if (text === null) return preset;
    const choice = choices.find((candidate) => candidate === text);
    if (choice) return choice;
    this.faults.push(`${name} must be one of ${choices.join(', ')}, not '${text}'`);
    return preset;
  }

  flag(name: string, preset: boolean): boolean {
    const text = this.choice(name, ['on', 'off', 'true', 'false', '1', '0'], preset ? 'on' : 'off');
    return text === 'on' || text === 'true' || text === '1';
  }
}

/** The text itself, once it was read; what is wrong with it is the fault, which quotes nothing: it may carry a password. */
function readBy(read: (text: string) => unknown): (text: string) => string {
  return (text) => {
    read(text);
    return text;
  };
}

function redisPrefix(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new RangeError("must be 1 to 64 letters, digits, '_', '.' or '-'");
}

/** Schemes whose pages have an origin of another form, or none of their own (`null`). */
const notOfApps = /^(?:https?|wss?|ftp|file|blob|data|about|javascript|null)$/;

/** An origin as browsers write it. A URL of an app's own scheme (`capacitor://localhost`) has none for Node. */
function origin(text: string): string {
  const [, scheme = '', host = ''] = /^([a-z][a-z0-9+.-]*):\/\/([\w.~:[\]-]+)\/?$/i.exec(text) ?? [];
  if (host === '' || notOfApps.test(scheme.toLowerCase())) return webUrl(text).origin;
  return `${scheme}://${host}`.toLowerCase();
}

function productName(text: string): string {
  if (/^[^\p{Cc}\p{Zl}\p{Zp}]{1,64}$/u.test(text)) return text;
  throw new RangeError('must be 1 to 64 characters on one line');
}

/** Where browsers find the server; a path is that of `BASE_PATH`. */
function publicUrlOf(text: string): URL {
  if (/[?#]/.test(text)) throw new RangeError('must have no query');
  const path = /^https?:\/\/[^/\\?#]+(\/[^?#]*)$/i.exec(text)?.[1] ?? '';
  const url = webUrl(text.slice(0, text.length - path.length));
  url.pathname = readBasePath(path || '/');
  return url;
}

/** One of the two may say it alone; where both say a path it is the same. */
function basePathOf(publicAddress: URL, basePath: string | null, faults: string[]): string {
  const ofAddress = publicAddress.pathname.replace(/\/$/, '');
  if (basePath !== null && ofAddress !== '' && basePath !== ofAddress) {
    faults.push(`BASE_PATH (${basePath || '/'}) and the path of PUBLIC_URL (${ofAddress}) are not the same`);
  }
  return basePath ?? ofAddress;
}

function webUrl(text: string): URL {
  if (!URL.canParse(text)) throw new RangeError('must be a URL such as https://doorstep.example');
  if (/[\s\p{Cc}]/u.test(text)) throw new RangeError('holds white space or a control character');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new RangeError('must be http or https');
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new RangeError('must be an origin alone: no path, query or user');
  }
  // No browser comes from there, whatever its page is.
  if (url.port === '0' || url.hostname.includes('*')) throw new RangeError('must name one host, and a port if any');
  return url;
}

/** @throws RangeError if the text is not one mailbox */
export function mailbox(text: string): Mailbox {
  const [parsed, ...more] = addressParser(text);
  const address = parsed && 'address' in parsed ? (parsed.address ?? '') : '';
  if (!parsed || more.length > 0 || !/^[^\s@<>]+@[^\s@<>]+$/.test(address)) {
    throw new RangeError('must be one mailbox, such as Doorstep <no-reply@doorstep.example>');
  }
  return { name: parsed.name, address };
}

/** RFC 8292, 2.1. */
function vapidSubject(text: string): string {
  if (/^mailto:[^\s@<>?]+@[^\s@<>?]+$/i.test(text)) return text;
  if (URL.canParse(text) && !/[\s\p{Cc}]/u.test(text) && new URL(text).protocol === 'https:') return text;
  throw new RangeError('must be mailto: with one address, or an https URL');
}

/** Where push services find whoever runs this, unless it is said. */
function contactOf({ protocol, origin }: URL, { address }: Mailbox): string {
  return protocol === 'https:' ? origin : `mailto:${address}`;
}

function allowed(entry: string): Allowed {
  return entry.includes('://') ? { origin: webUrl(entry).origin } : allowedHost(entry);
}

const namedNetworks = ['loopback', 'linklocal', 'uniquelocal'];

function proxyNetwork(entry: string): string {
  if (namedNetworks.includes(entry) || ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry)) return entry;
  throw new RangeError(`must be an IP address, a network in CIDR form, or one of ${namedNetworks.join(', ')}`);
}
