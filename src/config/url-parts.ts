import { isIPv4, isIPv6 } from 'node:net';

/** A URL of a store or a mail server, taken apart and decoded; what it does not name is null, and nothing is empty. */
export interface UrlParts {
  /** In lower case, without its colon. */
  readonly scheme: string;
  readonly user: string | null;
  readonly password: string | null;
  /** A name, an address without brackets, or whatever else the percent-encoding hides, such as a path. */
  readonly host: string | null;
  readonly port: number | null;
  /** What follows the slash after the host. */
  readonly path: string | null;
  readonly options: UrlOptions;
}

/** The options in a URL's query, each named once. */
export type UrlOptions = ReadonlyMap<string, string>;

/** Which options there are, and for those that people try in vain, why not. */
export interface KnownOptions {
  readonly known: readonly string[];
  readonly refused?: Readonly<Record<string, string>>;
}

const shape =
  /^(?<scheme>[a-z]+):\/\/(?:(?<user>[^:/?#]*?)(?::(?<password>[^/?#]*))?@)?(?<host>\[[^[\]]*\]|[^:@/?#[\]]*)(?::(?<port>[^@/?#]*))?(?:\/(?<path>[^/?#]*))?(?:\?(?<query>[^#]*))?$/i;

/**
 * Takes a URL apart, and refuses what a more forgiving parser would let pass and a connection then fails on, each time.
 * @param example shows what the URL should look like
 * @throws RangeError that says what is wrong and quotes no secret, in words that follow the name of the variable
 */
export function urlParts(text: string, schemes: readonly string[], example: string, options: KnownOptions): UrlParts {
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (!schemes.includes(scheme)) {
    throw new RangeError(`must be a URL that begins with ${schemes.map((name) => `${name}://`).join(' or ')}`);
  }
  if (/[\s\p{Cc}]/u.test(text)) throw new RangeError('holds white space or a control character; a space is %20');
  const found = shape.exec(text)?.groups;
  if (!found) throw new RangeError(`must be ${example}; '/', '?', '#' and '%' in its parts are percent-encoded`);
  const inBrackets = /^\[(.*)\]$/.exec(found.host ?? '')?.[1];
  if (inBrackets !== undefined && !isIPv6(inBrackets)) throw new RangeError('has a host that is no name or address');
  return {
    scheme,
    user: decoded(found.user, 'the user'),
    password: decoded(found.password, 'the password'),
    host: inBrackets ?? decoded(found.host, 'the host'),
    port: found.port === undefined ? null : portOf(found.port),
    path: decoded(found.path, 'the path'),
    options: optionsOf(found.query ?? '', options),
  };
}

/** @throws RangeError unless it is one that can be connected to */
export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new RangeError('has a port that is not a number from 1 to 65535');
  return port;
}

/** @throws RangeError unless it is a host name or an address, and one alone */
export function hostOf(host: string | null): string {
  if (!host) throw new RangeError('names no host');
  if (!/^[\p{L}\p{N}._-]+$/u.test(host) && !isIPv6(host)) throw new RangeError('has a host that is no name or address');
  return host;
}

/** An option that says yes or no. @throws RangeError if it says something else */
export function yesOrNo(options: UrlOptions, name: string): boolean | null {
  const value = options.get(name);
  if (value === undefined) return null;
  if (value !== 'true' && value !== 'false') throw new RangeError(`has the option '${name}', which is true or false`);
  return value === 'true';
}

/** Whether what goes there stays on this machine. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function optionsOf(query: string, { known, refused = {} }: KnownOptions): UrlOptions {
  const options = new Map<string, string>();
  for (const option of query.split('&').filter(Boolean)) {
    const [, rawName = '', rawValue = ''] = /^([^=]*)=?(.*)$/s.exec(option) ?? [];
    // In a query a plus is a space.
    const name = decoded(rawName.replaceAll('+', '%20'), 'the name of an option') ?? '';
    if (Object.hasOwn(refused, name)) throw new RangeError(`has the option '${name}': ${refused[name]}`);
    // A name that is not known may be a piece of a password with a question mark in it.
    if (!known.includes(name)) {
      const quoted = /^[\w.]{1,30}$/.test(name) ? `the unknown option '${name}'` : 'an unknown option';
      throw new RangeError(`has ${quoted}; known are ${known.join(', ')}`);
    }
    if (options.has(name)) throw new RangeError(`has the option '${name}' twice`);
    const value = decoded(rawValue.replaceAll('+', '%20'), `the option '${name}'`);
    if (value === null) throw new RangeError(`has the option '${name}' without a value`);
    options.set(name, value);
  }
  return options;
}

function decoded(part: string | undefined, what: string): string | null {
  if (!part) return null;
  const text = decodedOrNull(part);
  if (text === null) throw new RangeError(`has a '%' in ${what} that encodes nothing; a '%' itself is written %25`);
  if (text.includes('\0')) throw new RangeError(`has a zero byte in ${what}`);
  return text;
}

function decodedOrNull(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
