import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { readTlsFiles } from './tls-files.js';
import { hostOf, portOf, type UrlOptions, type UrlParts, urlParts, yesOrNo } from './url-parts.js';

/** What pg is told of a connection: everything that the URL says, and nothing of `PGHOST`, `PGPORT` or `PGSSLMODE`. */
export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Missing: `PGUSER`, or who runs the process, by `USER`. */
  readonly user?: string;
  /** Missing: `PGPASSWORD`, or the file that `PGPASSFILE` names. */
  readonly password?: string;
  /** False: in clear. */
  readonly ssl: false | ConnectionOptions;
  readonly sslnegotiation: 'postgres' | 'direct';
  /** Settings of each session, such as `-c search_path=doorstep`. */
  readonly options?: string;
  readonly application_name?: string;
}

const sslModes = ['disable', 'no-verify', 'require', 'verify-ca', 'verify-full'];

const places = ['user', 'password', 'host', 'port'] as const;
const fileOptions = ['sslrootcert', 'sslcert', 'sslkey'] as const;

const optionsInUrl = {
  known: [...places, 'sslmode', ...fileOptions, 'sslnegotiation', 'uselibpqcompat', 'options', 'application_name'],
  refused: {
    ssl: 'say sslmode=verify-full, sslmode=no-verify or sslmode=disable',
    target_session_attrs: 'the driver connects to one host and does not choose; name the primary, or what leads to it',
    load_balance_hosts: 'the driver connects to one host',
    connect_timeout: 'how long a connection may take is set by Doorstep',
    statement_timeout: 'how long a statement may take is set by Doorstep',
    channel_binding: 'the driver cannot be told to insist on it; sslmode=verify-full keeps others from the way',
    gssencmode: 'the driver knows no GSSAPI; use sslmode',
  },
};

/**
 * Reads `DATABASE_URL`: `postgres://user:password@host:port/database?option=value`. Whatever connects to PostgreSQL, in
 * whichever part, does so by what this returns; each call makes an object of its own, which pg may write to.
 *
 * `sslmode` means what it does to pg 8: `require`, `verify-ca` and `verify-full` all verify the certificate and that it is
 * the host's. With `uselibpqcompat=true` the first two are as weak as in libpq: `require` takes any certificate unless
 * there is a `sslrootcert`, `verify-ca` takes any host's. `no-verify` encrypts, and takes any.
 * @throws RangeError if there is anything in it that would not count
 */
export function readPostgresUrl(text: string): PostgresAddress {
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '';
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',')) {
    throw new RangeError('names several hosts: the driver connects to one');
  }
  const parts = urlParts(
    text,
    ['postgres', 'postgresql'],
    'postgres://user:password@host:port/database?option=value',
    optionsInUrl,
  );
  const { options } = parts;
  const host = placeOf(parts, 'host');
  const port = placeOf(parts, 'port');
  if (host?.includes(',')) throw new RangeError('names several hosts: the driver connects to one');
  const isSocket = host?.startsWith('/') ?? false;
  const ssl = sslOf(options, host ?? '');
  if (isSocket && ssl) throw new RangeError('asks for TLS on a Unix socket, which has none');
  if (!parts.path) throw new RangeError('names no database');
  const [user, password] = [placeOf(parts, 'user'), placeOf(parts, 'password')];
  const [settings, name] = [options.get('options'), options.get('application_name')];
  return {
    host: isSocket && host ? host : hostOf(host),
    port: port === null ? 5432 : portOf(port),
    database: parts.path,
    ...(user !== null && { user }),
    ...(password !== null && { password }),
    ssl,
    sslnegotiation: negotiationOf(options, ssl !== false),
    ...(settings !== undefined && { options: settings }),
    ...(name !== undefined && { application_name: name }),
  };
}

/** What the URL names before its path or in its query, as libpq lets it, but not in both. */
function placeOf(parts: UrlParts, place: (typeof places)[number]): string | null {
  const before = parts[place];
  const inQuery = parts.options.get(place);
  if (before !== null && inQuery !== undefined) throw new RangeError(`names the ${place} twice`);
  return inQuery ?? before?.toString() ?? null;
}

function negotiationOf(options: UrlOptions, isEncrypted: boolean): 'postgres' | 'direct' {
  const negotiation = options.get('sslnegotiation') ?? 'postgres';
  if (negotiation !== 'postgres' && negotiation !== 'direct') {
    throw new RangeError("has the option 'sslnegotiation', which is postgres or direct");
  }
  if (negotiation === 'direct' && !isEncrypted)
    throw new RangeError('has sslnegotiation=direct without TLS: say sslmode');
  return negotiation;
}

function sslOf(options: UrlOptions, host: string): false | ConnectionOptions {
  const mode = options.get('sslmode') ?? 'disable';
  if (mode === 'allow' || mode === 'prefer') {
    throw new RangeError(`has sslmode=${mode}, which someone on the way can turn off: say verify-full or disable`);
  }
  if (!sslModes.includes(mode))
    throw new RangeError(`has the option 'sslmode', which is one of ${sslModes.join(', ')}`);
  const isAsInLibpq = yesOrNo(options, 'uselibpqcompat') ?? false;
  const [rootCert, cert, key] = fileOptions.map((name) => options.get(name));
  if (mode === 'disable') {
    const idle = [...fileOptions, 'uselibpqcompat'].find((name) => options.has(name));
    if (idle) throw new RangeError(`has the option '${idle}', which is for TLS, but no sslmode that asks for it`);
    return false;
  }
  const takesAny = mode === 'no-verify' || (mode === 'require' && isAsInLibpq && rootCert === undefined);
  if (takesAny && rootCert !== undefined)
    throw new RangeError('has sslrootcert, which sslmode=no-verify does not look at');
  if (mode === 'verify-ca' && isAsInLibpq && rootCert === undefined) {
    throw new RangeError(
      'has sslmode=verify-ca as in libpq, which needs a sslrootcert: any other host has a certificate of a public one',
    );
  }
  const takesAnyHost = isAsInLibpq && mode !== 'verify-full';
  const files = {
    ...(rootCert !== undefined && { ca: rootCert }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return {
    ...readTlsFiles(files, { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' }),
    // pg names the host to TLS only where it has a name: for an address, a certificate of `localhost` would do.
    ...(takesAny
      ? { rejectUnauthorized: false }
      : {
          checkServerIdentity: (_, certificate) => (takesAnyHost ? undefined : checkServerIdentity(host, certificate)),
        }),
  };
}
