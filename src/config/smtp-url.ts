import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { tlsOptionNames, tlsOptionsOf } from './tls-options.js';
import { hostOf, isLoopback, type UrlOptions, urlParts, yesOrNo } from './url-parts.js';

/** The options whose value is a number, of which nodemailer would take any text. */
const numbers = [
  'connectionTimeout',
  'greetingTimeout',
  'socketTimeout',
  'maxConnections',
  'maxMessages',
  'rateLimit',
  'rateDelta',
];

/** Without the ones that take a token instead of a password. */
const authMethods = ['PLAIN', 'LOGIN', 'CRAM-MD5'];

/** The options that `SMTP_URL` may carry in its query; nodemailer reads all but those of TLS. */
const queryOptions = ['requireTLS', 'ignoreTLS', 'name', 'localAddress', 'authMethod', ...numbers, ...tlsOptionNames];

/** What of nodemailer's options follows from the URL itself. */
export interface SmtpUrl {
  /** Without the options of TLS. */
  readonly url: string;
  /** Whether to refuse a server without TLS; `requireTLS` in the URL has the last word. */
  readonly requireTLS: boolean;
  readonly tls?: ConnectionOptions;
}

/**
 * Reads `SMTP_URL`: `smtp://user:password@host:port?option=value`, or `smtps://` for TLS from the first byte.
 *
 * On `smtp://` the connection turns to TLS where the server offers it (STARTTLS). `requireTLS=true` refuses one that
 * does not offer it, and is the default where the URL holds a password, or says whom to trust: neither must come to
 * nothing because someone on the way took the offer out. `requireTLS=false` and `ignoreTLS=true` let it, and so go with a password only where
 * the server is on this machine. `tls.rejectUnauthorized=false` takes any certificate, `tls.ca=` names a file with those
 * to take, `tls.servername=` the name to expect. Timeouts are in ms.
 * @throws RangeError if an option is unknown: a misspelt `requireTLS` must not quietly mean no TLS, and nodemailer's
 *   `debug` and `logger` would write codes into the log
 */
export function readSmtpUrl(text: string): SmtpUrl {
  const parts = urlParts(text, ['smtp', 'smtps'], 'smtp://user:password@host:port?option=value', {
    known: queryOptions,
  });
  const { scheme, user, password, path, options } = parts;
  const host = hostOf(parts.host);
  if (path) throw new RangeError('has a path, which means nothing to a mail server');
  if ((user === null) !== (password === null)) throw new RangeError('has a user or a password, which go together');
  refuseUnusable(options);
  const tls = tlsOptionsOf(options);
  const verifies = tls !== null && tls.rejectUnauthorized !== false;
  const requireTLS = password !== null || verifies;
  const isInClear = scheme === 'smtp' && mayBeInClear(options, requireTLS);
  if (isInClear && password !== null && !isLoopback(host)) {
    throw new RangeError('has a password that would travel in clear: leave out ignoreTLS and requireTLS=false');
  }
  if (isInClear && (verifies || (tls && options.get('ignoreTLS') === 'true'))) {
    throw new RangeError('has options for TLS beside ignoreTLS=true or requireTLS=false');
  }
  const url = new URL(text);
  for (const name of tlsOptionNames) url.searchParams.delete(name);
  return { url: url.href, requireTLS, ...(tls && { tls }) };
}

/** @throws RangeError if an option has a value that each connection would fail on */
function refuseUnusable(options: UrlOptions): void {
  for (const name of numbers) {
    if (!/^\d{1,9}$/.test(options.get(name) ?? '0'))
      throw new RangeError(`has the option '${name}', which is a number`);
  }
  if (!authMethods.includes(options.get('authMethod') ?? 'PLAIN')) {
    throw new RangeError(`has the option 'authMethod', which is one of ${authMethods.join(', ')}`);
  }
  if (!isIP(options.get('localAddress') ?? '::')) {
    throw new RangeError("has the option 'localAddress', which is an address");
  }
  if (!/^[\w.:[\]-]+$/.test(options.get('name') ?? 'none')) {
    throw new RangeError("has the option 'name', which is a host name or an address");
  }
}

/** @throws RangeError if what the URL says of STARTTLS contradicts itself */
function mayBeInClear(options: UrlOptions, isRequiredUnlessSaid: boolean): boolean {
  const isIgnored = yesOrNo(options, 'ignoreTLS') ?? false;
  const isRequired = yesOrNo(options, 'requireTLS') ?? isRequiredUnlessSaid;
  if (isIgnored && isRequired) {
    throw new RangeError('has ignoreTLS=true, but requires TLS: by requireTLS=true, a password, or options for TLS');
  }
  return !isRequired;
}
