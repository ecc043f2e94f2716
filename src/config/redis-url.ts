import type { RedisOptions } from 'ioredis';
import { tlsOptionNames, tlsOptionsOf } from './tls-options.js';
import { hostOf, urlParts } from './url-parts.js';

/** What ioredis is told of a connection: everything that the URL says. */
export type RedisAddress = Pick<RedisOptions, 'username' | 'password' | 'tls' | 'family'> & {
  readonly host: string;
  readonly port: number;
  readonly db: number;
};

/**
 * Reads `REDIS_URL`: `redis://user:password@host:port/number?option=value`, or `rediss://` for TLS. Whatever connects to
 * Redis, in whichever part, does so by what this returns.
 * @throws RangeError if there is anything in it that would not count
 */
export function readRedisUrl(text: string): RedisAddress {
  const { scheme, user, password, host, port, path, options } = urlParts(
    text,
    ['redis', 'rediss'],
    'redis://user:password@host:port/number?option=value',
    { known: [...tlsOptionNames, 'family'], refused: { db: 'the number of the database follows the port: /1' } },
  );
  const tls = tlsOptionsOf(options);
  if (tls && scheme === 'redis') throw new RangeError('has options for TLS, but begins with redis://: say rediss://');
  if (user !== null && password === null) throw new RangeError('has a user without a password');
  if (path !== null && !/^\d{1,5}$/.test(path)) throw new RangeError('has a path that is not the number of a database');
  const family = options.get('family');
  if (family !== undefined && family !== '4' && family !== '6') {
    throw new RangeError("has the option 'family', which is 4 or 6");
  }
  return {
    host: hostOf(host),
    port: port ?? 6379,
    db: Number(path ?? 0),
    ...(user !== null && { username: user }),
    ...(password !== null && { password }),
    ...(family !== undefined && { family: Number(family) }),
    ...(scheme === 'rediss' && { tls: tls ?? {} }),
  };
}
