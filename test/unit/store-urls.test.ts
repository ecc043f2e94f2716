import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig } from '../../src/config/config.js';
import { readPostgresUrl } from '../../src/config/postgres-url.js';
import { readRedisUrl } from '../../src/config/redis-url.js';
import { readSmtpUrl } from '../../src/config/smtp-url.js';
import { type Certificate, Certificates } from '../support/certificates.js';

let certificates: Certificates;
let authority: Certificate;
let other: Certificate;

beforeAll(() => {
  certificates = new Certificates();
  authority = certificates.authority();
  other = certificates.authority();
});
afterAll(() => certificates[Symbol.dispose]());

/** The one fault that a setting is, or null if it is none. */
function faultOf(env: Record<string, string>): string | null {
  try {
    loadConfig({ USER: 'somebody', ...env });
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.faults).toHaveLength(1);
    return error.faults[0] ?? '';
  }
}

describe('DATABASE_URL', () => {
  const db = 'postgres://ann:secret@db.example/doorstep';

  test.each([
    ['postgres://db.example/d', { host: 'db.example', port: 5432, database: 'd', ssl: false }],
    ['postgresql://ann:pass@10.0.0.1:6432/d', { host: '10.0.0.1', port: 6432, user: 'ann', password: 'pass' }],
    ['POSTGRES://[::1]:5433/d', { host: '::1', port: 5433 }],
    ['postgres://a%40b:p%25%2F%3F%23%40@h/a%2Fb%20c', { user: 'a@b', password: 'p%/?#@', database: 'a/b c' }],
    ['postgres://ann:a@b:c@h/d', { user: 'ann', password: 'a@b:c', host: 'h' }],
    ['postgres:///d?host=/var/run/postgresql&user=ann&password=p%25', { host: '/var/run/postgresql', password: 'p%' }],
    ['postgres://%2Fvar%2Frun/d', { host: '/var/run', port: 5432 }],
    ['postgres://ann@/d?host=h&port=6000', { user: 'ann', host: 'h', port: 6000 }],
    [`${db}?options=-c%20geqo%3Doff&application_name=a+b`, { options: '-c geqo=off', application_name: 'a b' }],
    [`${db}?sslmode=disable`, { ssl: false, sslnegotiation: 'postgres' }],
    [`${db}?sslmode=no-verify`, { ssl: { rejectUnauthorized: false } }],
    [`${db}?sslmode=require&uselibpqcompat=true`, { ssl: { rejectUnauthorized: false } }],
    [`${db}?sslmode=verify-full&sslnegotiation=direct`, { sslnegotiation: 'direct' }],
  ])('%s is read whole', (url, parts) => {
    expect(readPostgresUrl(url)).toMatchObject(parts);
    expect(faultOf({ DATABASE_URL: url })).toBeNull();
  });

  test.each(['require', 'verify-ca', 'verify-full'])('with sslmode=%s verifies the host, by address too', (mode) => {
    const { ssl } = readPostgresUrl(`postgres://10.0.0.1/d?sslmode=${mode}`);
    const named = { subject: {}, subjectaltname: 'DNS:localhost' } as never;
    expect(ssl ? ssl.rejectUnauthorized : ssl).toBeUndefined();
    // Node.js takes a missing name for localhost.
    expect(ssl ? ssl.checkServerIdentity?.('localhost', named) : ssl).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test.each([
    ['postgres://ann:50%off@h/d', /'%' in the password/],
    ['postgres://ann:50%@h/d', /'%' in the password/],
    ['postgres://ann:%ff@h/d', /'%' in the password/],
    ['postgres://a%n:secret@h/d', /'%' in the user/],
    ['postgres://h/50%', /'%' in the path/],
    ['postgres://h%/d', /'%' in the host/],
    ['postgres://h/d?options=50%', /'%' in the option 'options'/],
    ['postgres://ann:a%00b@h/d', /zero byte in the password/],
    ['postgres://ann:a/b@h/d', /must be postgres:\/\/|port/],
    ['postgres://ann:a#b@h/d', /must be postgres:\/\/|port/],
    ['postgres://ann:a b@h/d', /white space/],
    ['postgres://h/d\tb', /white space/],
    ['postgres://h/d#x', /must be postgres/],
    ['postgres://ann:secret@h', /no database/],
    ['postgres://ann:secret@h/', /no database/],
    ['postgres:///d', /no host/],
    ['postgres://ann:secret@:5432/d', /no host/],
    ['postgres://h:0/d', /port/],
    ['postgres://h:65536/d', /port/],
    ['postgres://h:/d', /port/],
    ['postgres://h:5432x/d', /port/],
    ['postgres://h/d?port=x', /port/],
    ['postgres://h!/d', /no name or address/],
    ['postgres://[h]/d', /no name or address/],
    ['postgres://one,two/d', /several hosts/],
    ['postgres://ann:secret@one:5432,two:5432/d', /several hosts/],
    ['postgres:///d?host=one,two', /several hosts/],
    ['postgres://h/d?host=other', /the host twice/],
    ['postgres://ann@h/d?user=bob', /the user twice/],
    ['postgres://ann:secret@h/d?password=secret', /the password twice/],
    ['postgres://h:1/d?port=2', /the port twice/],
    ['postgres://h/d?sslmode=disable&sslmode=verify-full', /'sslmode' twice/],
    ['postgres://h/d?sslmode', /'sslmode' without a value/],
    ['postgres://h/d?sslmode=', /'sslmode' without a value/],
    ['postgres://h/d?sslmode=verify_full', /'sslmode', which is one of/],
    ['postgres://h/d?sslMode=verify-full', /unknown option 'sslMode'/],
    ['postgres://h/d?sslmode=prefer', /someone on the way/],
    ['postgres://h/d?sslmode=allow', /someone on the way/],
    ['postgres://h/d?ssl=true', /say sslmode/],
    ['postgres://h/d?target_session_attrs=read-write', /does not choose/],
    ['postgres://h/d?channel_binding=require', /channel_binding/],
    ['postgres://h/d?connect_timeout=5', /set by Doorstep/],
    ['postgres://h/d?schema=other', /unknown option 'schema'/],
    ['postgres://h/d?pgbouncer=true', /unknown option 'pgbouncer'/],
    ['postgres://h/d?constructor=1', /unknown option 'constructor'/],
    ['postgres://h/d?uselibpqcompat=yes&sslmode=require', /true or false/],
    ['postgres://h/d?uselibpqcompat=true', /no sslmode/],
    ['postgres://h/d?sslmode=verify-ca&uselibpqcompat=true', /needs a sslrootcert/],
    ['postgres://h/d?sslnegotiation=direct', /without TLS/],
    ['postgres://h/d?sslnegotiation=later&sslmode=require', /postgres or direct/],
    ['postgres:///d?host=/run&sslmode=verify-full', /Unix socket/],
    [
      'postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.crt',
      /'sslrootcert', whose file cannot be read \(ENOENT\)/,
    ],
    ['postgres://h/d?sslmode=verify-full&sslcert=/nowhere/a', /go together/],
    ['postgres://h/d?sslmode=verify-full&sslkey=/nowhere/a', /go together/],
  ])('%j stops the start, with the reason', (url, reason) => {
    const fault = faultOf({ DATABASE_URL: url });
    expect(fault).toMatch(/^DATABASE_URL /);
    expect(fault).toMatch(reason);
    expect(fault).not.toMatch(/secret|50%|a%n|ann:/);
  });

  test('whose files are not what they should be stops the start', () => {
    const broken = path.join(path.dirname(authority.certFile), 'broken');
    writeFileSync(broken, 'no certificate');
    const fault = (options: string) => faultOf({ DATABASE_URL: `postgres://h/d?${options}` });
    expect(fault(`sslmode=verify-full&sslrootcert=${broken}`)).toMatch(/'sslrootcert', whose content/);
    expect(fault(`sslmode=verify-full&sslcert=${broken}&sslkey=${broken}`)).toMatch(/whose content/);
    expect(fault(`sslmode=require&sslcert=${authority.certFile}&sslkey=${other.keyFile}`)).toMatch(/whose content/);
    for (const mode of ['', 'sslmode=disable&', 'sslmode=no-verify&']) {
      expect(fault(`${mode}sslrootcert=${authority.certFile}`)).toMatch(/sslrootcert/);
    }
    expect(fault(`sslmode=verify-full&sslrootcert=${authority.certFile}`)).toBeNull();
  });

  test('has the last word on TLS: PGSSLMODE alone stops the start', () => {
    expect(faultOf({ DATABASE_URL: 'postgres://h/d', PGSSLMODE: 'verify-full' })).toMatch(/^PGSSLMODE does not count/);
    expect(faultOf({ DATABASE_URL: 'postgres://h/d?sslmode=disable', PGSSLMODE: 'verify-full' })).toBeNull();
  });

  // In a container there may be no USER, and every connection fails.
  test('names a user, or PGUSER or USER does', () => {
    expect(faultOf({ DATABASE_URL: 'postgres://h/d', USER: '' })).toMatch(/^DATABASE_URL names no user/);
    for (const name of ['PGUSER', 'USER']) {
      expect(faultOf({ USER: '', DATABASE_URL: 'postgres://h/d', [name]: 'ann' })).toBeNull();
    }
    expect(faultOf({ DATABASE_URL: 'postgres://ann@h/d', USER: '' })).toBeNull();
  });
});

describe('REDIS_URL', () => {
  test.each([
    ['redis://h', { host: 'h', port: 6379, db: 0 }],
    ['redis://:p%25@h:6380/3?family=6', { password: 'p%', port: 6380, db: 3, family: 6 }],
    ['rediss://ann:p@[::1]/', { host: '::1', username: 'ann', password: 'p', tls: {} }],
    [
      'rediss://h?tls.rejectUnauthorized=false&tls.servername=r',
      { tls: { rejectUnauthorized: false, servername: 'r' } },
    ],
    ['rediss://h?tls.minVersion=TLSv1.3', { tls: { minVersion: 'TLSv1.3', rejectUnauthorized: true } }],
  ])('%s is read whole', (url, parts) => {
    expect(readRedisUrl(url)).toMatchObject(parts);
    expect(faultOf({ REDIS_URL: url })).toBeNull();
  });

  test('without TLS names none', () => expect(readRedisUrl('redis://h').tls).toBeUndefined());

  test.each([
    ['redis://:50%off@h', /'%' in the password/],
    ['redis://:a b@h', /white space/],
    ['redis://', /no host/],
    ['redis:///1', /no host/],
    ['redis://h:0', /port/],
    ['redis://h:70000', /port/],
    ['redis://h/x', /number of a database/],
    ['redis://h/-1', /number of a database/],
    ['redis://h/1/2', /must be redis/],
    ['redis://ann@h', /without a password/],
    ['redis://h?db=1', /follows the port/],
    ['redis://h?family=5', /4 or 6/],
    ['redis://h?family=4&family=6', /twice/],
    ['redis://h?keyPrefix=a', /unknown option 'keyPrefix'/],
    ['redis://h?tls=true', /unknown option 'tls'/],
    ['redis://h?tls.ca=/nowhere', /rediss|cannot be read/],
    ['redis://h?tls.servername=h', /say rediss/],
    ['rediss://h?tls.rejectUnauthorised=false', /unknown option/],
    ['rediss://h?tls.rejectUnauthorized=0', /true or false/],
    ['rediss://h?tls.minVersion=1.2', /one of TLSv1/],
    ['rediss://h?tls.cert=/nowhere', /go together/],
    ['rediss://h?tls.ca=/nowhere&tls.rejectUnauthorized=false', /does not look at/],
    ['redis+sentinel://h', /begins with redis/],
  ])('%j stops the start, with the reason', (url, reason) => {
    const fault = faultOf({ REDIS_URL: url });
    expect(fault).toMatch(/^REDIS_URL /);
    expect(fault).toMatch(reason);
    expect(fault).not.toMatch(/50%/);
  });
});

describe('SMTP_URL', () => {
  test.each([
    ['smtp://h', { url: 'smtp://h', requireTLS: false }],
    ['smtp://ann:p@h:587', { requireTLS: true }],
    ['smtps://ann:p@h', { requireTLS: true }],
    ['smtp://h?tls.rejectUnauthorized=false', { url: 'smtp://h', tls: { rejectUnauthorized: false } }],
    ['smtp://h?tls.servername=m&maxConnections=2', { url: 'smtp://h?maxConnections=2', tls: { servername: 'm' } }],
    // Whoever says whom to trust must not be left in clear where the offer of STARTTLS was taken out.
    ['smtp://h?tls.servername=m', { requireTLS: true }],
    ['smtp://h?tls.rejectUnauthorized=false', { requireTLS: false }],
    ['smtp://h?authMethod=CRAM-MD5&localAddress=10.0.0.1&name=mail.example', { requireTLS: false }],
    ['smtp://ann:p@127.0.0.1?requireTLS=false', { requireTLS: true }],
    ['smtp://ann:p@localhost?requireTLS=false&ignoreTLS=true', { requireTLS: true }],
    ['smtp://ann:p@[::1]?requireTLS=false', { requireTLS: true }],
  ])('%s is read whole', (url, parts) => {
    expect(readSmtpUrl(url)).toMatchObject(parts);
    expect(faultOf({ SMTP_URL: url })).toBeNull();
  });

  test.each([
    ['smtp://ann:50%off@h', /'%' in the password/],
    ['smtp://ann:50%zz@h', /'%' in the password/],
    ['smtp://', /no host/],
    ['smtp://ann:secret@', /no host/],
    ['smtp://h:99999', /port/],
    ['smtp://h/path', /path/],
    ['smtp://ann@h', /go together/],
    ['smtp://:secret@h', /go together/],
    ['smtp://ann:secret@h?requireTLS=false', /in clear/],
    ['smtp://ann:secret@h?requireTLS=false&ignoreTLS=true', /in clear/],
    ['smtp://ann:secret@127.example?requireTLS=false', /in clear/],
    ['smtp://ann:secret@h?ignoreTLS=true', /ignoreTLS=true, but/],
    ['smtp://h?ignoreTLS=true&requireTLS=true', /ignoreTLS=true, but/],
    ['smtp://h?ignoreTLS=true&tls.servername=h', /ignoreTLS=true, but requires TLS/],
    ['smtp://h?ignoreTLS=true&tls.rejectUnauthorized=false', /beside ignoreTLS/],
    ['smtp://h?requireTLS=1', /true or false/],
    ['smtp://h?requireTLS=true&requireTLS=false', /twice/],
    ['smtp://h?maxConnections=many', /is a number/],
    ['smtp://h?tls.rejectUnauthorised=false', /unknown option/],
    ['smtp://h?tls.checkServerIdentity=1', /unknown option/],
    ['smtp://h?tls.servername=m&requireTLS=false', /options for TLS/],
    ['smtp://h?authMethod=XOAUTH2', /'authMethod', which is one of/],
    ['smtp://h?authMethod=plain', /'authMethod', which is one of/],
    ['smtp://h?localAddress=eth0', /'localAddress', which is an address/],
    ['smtp://h?name=a%0D%0ANOOP', /'name', which is a host name or an address/],
    ['smtp://h?tls.ca=/nowhere', /cannot be read/],
  ])('%j stops the start, with the reason', (url, reason) => {
    const fault = faultOf({ SMTP_URL: url });
    expect(fault).toMatch(/^SMTP_URL /);
    expect(fault).toMatch(reason);
    expect(fault).not.toMatch(/secret|50%/);
  });
});

describe('PUBLIC_URL', () => {
  test.each([
    'https://door step.example',
    'https://door\tstep.example',
    'https://doorstep.example:0',
    'https://doorstep.example:99999',
    'https://%zz.example',
    'https://:secret@doorstep.example',
    'https://*.example',
    'https://',
  ])('%j stops the start', (url) => {
    expect(faultOf({ PUBLIC_URL: url })).toMatch(/^PUBLIC_URL /);
  });
});
