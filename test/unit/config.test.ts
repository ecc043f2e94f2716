import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { newSigningKey } from '../../src/codes/signing-keys.js';
import { ConfigError, loadConfig, type Needed } from '../../src/config/config.js';
import { type LimitName, limitTable } from '../../src/config/limits.js';

type Environment = Record<string, string>;

const secret = randomBytes(32).toString('base64');

/** All that production cannot run without. */
const production: Environment = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://doorstep:pass-of-the-database@db.example/doorstep',
  SMTP_URL: 'smtps://doorstep:pass-of-the-mail@mail.example',
  CODE_KEYS: `2026-11:${secret}`,
  MAIL_FROM: 'Doorstep <no-reply@doorstep.example>',
  PUBLIC_URL: 'https://doorstep.example',
};

/** A P-256 key in PKCS #8 (RFC 5958) that has its secret number alone. */
function bareKey(number: Buffer): Buffer {
  const head = Buffer.from('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420', 'hex');
  return Buffer.concat([head, number]);
}

/** The faults of an environment, one line each; none if it can be run with. */
function faultsOf(env: Environment, needed: readonly Needed[] = []): readonly string[] {
  try {
    loadConfig(env, needed);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('the configuration', () => {
  test('of an empty environment is one for development, for this machine alone', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      production: false,
      host: '127.0.0.1',
      port: 4000,
      workerPort: null,
      databaseUrl: null,
      redisUrl: null,
      smtpUrl: null,
      codeKeys: [],
      playground: true,
      introspection: true,
      metricsToken: null,
      trustProxy: [],
    });
    expect(config.publicUrl.href).toBe('http://localhost:4000/');
    expect(config.allowedOrigins).toEqual(['http://localhost:4000', 'http://127.0.0.1:4000']);
  });

  test('of production shows nothing that was not asked for', () => {
    const config = loadConfig(production);
    expect(config).toMatchObject({ production: true, playground: false, introspection: false });
    expect(config.allowedOrigins).toEqual(['https://doorstep.example']);
  });

  test('cannot be changed once it was read', () => {
    const config = loadConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.limits)).toBe(true);
  });

  test('counts a variable that is empty as not set', () => {
    expect(loadConfig({ PORT: ' ', DATABASE_URL: '', CODE_DIGITS: '' })).toEqual(loadConfig({}));
    expect(faultsOf({ ...production, CODE_KEYS: ' ' })).toEqual(['CODE_KEYS is missing']);
  });

  test('tells of every fault at once, one line each', () => {
    const faults = faultsOf({
      NODE_ENV: 'prod',
      PORT: '70000',
      DATABASE_URL: 'mysql://db.example',
      REDIS_URL: 'somewhere',
      SMTP_URL: 'smtp://mail.example?requireTsl=true',
      CODE_KEYS: 'a:c2hvcnQ=',
      SIGNING_KEYS: 'a:c2hvcnQ=',
      MAIL_FROM: 'a@b.example, c@d.example',
      PUBLIC_URL: 'https://doorstep.example/path?query',
      BASE_PATH: 'auth',
      RETURN_ORIGINS: 'https://ok.example, null',
      ALLOWED_ORIGINS: 'https://ok.example, ftp://no.example',
      PLAYGROUND: 'maybe',
      TRUST_PROXY: '10.0.0.0/8, everyone',
      LOG_LEVEL: 'loud',
      PRODUCT_NAME: 'Ada\nand Bob',
      WORKER_PORT: '0',
      DKIM_DOMAIN: 'doorstep.example',
      CHALLENGE_TRIES: '11',
      PASSWORD_MIN_LENGTH: 'twelve',
    });
    const named = faults.map((fault) => /^[A-Z_]+/.exec(fault)?.[0]);
    expect(named.sort()).toEqual([
      'ALLOWED_ORIGINS',
      'BASE_PATH',
      'CHALLENGE_TRIES',
      'CODE_KEYS',
      'DATABASE_URL',
      'DKIM_DOMAIN',
      'LOG_LEVEL',
      'MAIL_FROM',
      'NODE_ENV',
      'PASSWORD_MIN_LENGTH',
      'PLAYGROUND',
      'PORT',
      'PRODUCT_NAME',
      'PUBLIC_URL',
      'REDIS_URL',
      'RETURN_ORIGINS',
      'SIGNING_KEYS',
      'SMTP_URL',
      'TRUST_PROXY',
      'WORKER_PORT',
    ]);
    expect(new ConfigError(faults).message.split('\n')).toHaveLength(1 + faults.length);
  });

  test('of production misses what it cannot run without, all of it named', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual(
      ['DATABASE_URL', 'SMTP_URL', 'CODE_KEYS', 'MAIL_FROM', 'PUBLIC_URL'].map((name) => `${name} is missing`),
    );
  });

  describe('has one path below which the pages are, by PUBLIC_URL, by BASE_PATH or by both', () => {
    test.each([
      ['https://shop.example', undefined, 'https://shop.example/', ''],
      ['https://shop.example/', '/', 'https://shop.example/', ''],
      ['https://shop.example/auth', undefined, 'https://shop.example/auth/', '/auth'],
      ['https://shop.example/auth/', '/auth', 'https://shop.example/auth/', '/auth'],
      ['https://shop.example', '/a/b/', 'https://shop.example/a/b/', '/a/b'],
    ])('%s and %s', (PUBLIC_URL, BASE_PATH, href, basePath) => {
      const config = loadConfig({ ...production, PUBLIC_URL, ...(BASE_PATH ? { BASE_PATH } : {}) });
      expect([config.publicUrl.href, config.basePath]).toEqual([href, basePath]);
      expect(config.allowedOrigins).toEqual(['https://shop.example']);
    });

    test.each([
      ['https://shop.example/auth', '/login'],
      ['https://shop.example/auth', '/'],
      ['https://shop.example/auth', '/Auth'],
    ])('and not by %s and %s, which differ', (PUBLIC_URL, BASE_PATH) => {
      expect(faultsOf({ ...production, PUBLIC_URL, BASE_PATH })).toEqual([
        expect.stringMatching(/^BASE_PATH .* PUBLIC_URL/),
      ]);
    });

    test.each([
      'https://shop.example/auth?x',
      'https://shop.example/auth#x',
      'https://shop.example//auth',
      'https://shop.example/a/../b',
      'https://user@shop.example/auth',
      'https://shop.example/account',
      'ftp://shop.example/auth',
    ])('nor by %s', (PUBLIC_URL) => {
      expect(faultsOf({ PUBLIC_URL })).toEqual([expect.stringMatching(/^PUBLIC_URL/)]);
    });
  });

  test('takes the origins of apps as browsers write them, and never null', () => {
    const listed = (text: string) => loadConfig({ ...production, ALLOWED_ORIGINS: text }).allowedOrigins.slice(1);
    expect(listed('https://App.example:443,capacitor://localhost,Tauri://localhost/,chrome-extension://abc')).toEqual([
      'https://app.example',
      'capacitor://localhost',
      'tauri://localhost',
      'chrome-extension://abc',
    ]);
    for (const text of [
      'null',
      '*',
      'file://',
      'file:///app',
      'capacitor://',
      'capacitor://a/b',
      'ftp://a',
      'blob://a',
    ]) {
      expect(faultsOf({ ...production, ALLOWED_ORIGINS: text })).toEqual([expect.stringMatching(/^ALLOWED_ORIGINS/)]);
    }
  });

  test('of one process misses what that process cannot run without, once', () => {
    expect(faultsOf({}, ['DATABASE_URL'])).toEqual(['DATABASE_URL is missing']);
    expect(faultsOf({ NODE_ENV: 'production' }, ['DATABASE_URL'])).toHaveLength(5);
  });

  test('of production does not let session cookies travel in clear', () => {
    expect(faultsOf({ ...production, PUBLIC_URL: 'http://doorstep.example' })).toEqual([
      expect.stringMatching(/^PUBLIC_URL must be https/),
    ]);
    expect(faultsOf({ PUBLIC_URL: 'http://doorstep.example' })).toEqual([]);
  });

  test.each<[string, Environment]>([
    ['DATABASE_URL', { DATABASE_URL: 'mysql://doorstep:hunter2@db.example' }],
    ['DATABASE_URL', { DATABASE_URL: 'hunter2' }],
    ['REDIS_URL', { REDIS_URL: 'http://:hunter2@redis.example' }],
    ['SMTP_URL', { SMTP_URL: 'mail://doorstep:hunter2@mail.example' }],
    ['SMTP_URL', { SMTP_URL: 'smtp://doorstep:hunter2@mail.example?debug=true' }],
    ['CODE_KEYS', { CODE_KEYS: 'hunter2' }],
    ['CODE_KEYS', { CODE_KEYS: 'new:hunter2' }],
    ['CODE_KEYS', { CODE_KEYS: `new:${secret.slice(0, 20)}hunter2!${secret}` }],
    ['CODE_KEYS', { CODE_KEYS: `new:${secret},new:${secret}` }],
    ['SIGNING_KEYS', { SIGNING_KEYS: 'hunter2' }],
    ['SIGNING_KEYS', { SIGNING_KEYS: 'new:hunter2' }],
    ['SIGNING_KEYS', { SIGNING_KEYS: `new:${secret}` }],
    ['SIGNING_KEYS', { SIGNING_KEYS: `${newSigningKey('a')}hunter2!` }],
  ])('says what is wrong with %s, and quotes no secret', (name, env) => {
    const faults = faultsOf(env);
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
    expect(faults.join()).not.toMatch(/hunter/);
    expect(faults.join()).not.toContain(secret);
  });

  test('reads keys in their order, the newest first', () => {
    const { codeKeys } = loadConfig({ CODE_KEYS: `new:${secret}, old:${secret}` });
    expect(codeKeys.map(({ id }) => id)).toEqual(['new', 'old']);
    expect(codeKeys[0]?.secret).toEqual(Buffer.from(secret, 'base64'));
  });

  test('takes a key of 32 bytes, and none of 31', () => {
    const keyOf = (bytes: number) => ({ CODE_KEYS: `k:${randomBytes(bytes).toString('base64')}` });
    expect(faultsOf(keyOf(32))).toEqual([]);
    expect(faultsOf(keyOf(31))).toHaveLength(1);
  });

  test('reads signing keys in their order, whatever form of PKCS #8 they have', () => {
    const keys = ['new', 'old'].map(newSigningKey);
    const { signingKeys } = loadConfig({ SIGNING_KEYS: keys.join(' , ') });
    expect(signingKeys.map(({ id }) => id)).toEqual(['new', 'old']);
    // OpenSSL leaves the public key out where it is told to.
    const [key] = signingKeys;
    const bare = bareKey(key?.secret ?? Buffer.alloc(0));
    const [again] = loadConfig({ SIGNING_KEYS: `new:${bare.toString('base64')}` }).signingKeys;
    expect(again?.secret).toEqual(key?.secret);
    expect(again?.publicKey.export({ format: 'jwk' })).toEqual(key?.publicKey.export({ format: 'jwk' }));
  });

  test('tells of each signing key that is wrong at once, by its name', () => {
    const [good, other] = [newSigningKey('good'), newSigningKey('other')];
    const der = (text: string) => Buffer.from(text.split(':')[1] ?? '', 'base64');
    const base64 = (key: KeyObject, type: 'pkcs8' | 'sec1') =>
      (key.export({ format: 'der', type }) as Buffer).toString('base64');
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const bad: Record<string, string> = {
      rsa: base64(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs8'),
      p384: base64(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'pkcs8'),
      bitcoin: base64(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, 'pkcs8'),
      ed25519: base64(generateKeyPairSync('ed25519').privateKey, 'pkcs8'),
      sec1: base64(p256.privateKey, 'sec1'),
      public: (p256.publicKey.export({ format: 'der', type: 'spki' }) as Buffer).toString('base64'),
      pem: Buffer.from(String(p256.privateKey.export({ format: 'pem', type: 'pkcs8' }))).toString('base64'),
      short: der(good).subarray(0, -1).toString('base64'),
      long: Buffer.concat([der(good), Buffer.from('more')]).toString('base64'),
      // The private half of one and the public half of another.
      mixed: Buffer.concat([der(good).subarray(0, -64), der(other).subarray(-64)]).toString('base64'),
      none: bareKey(Buffer.alloc(32)).toString('base64'),
      empty: '',
    };
    const entries = Object.entries(bad).map(([id, text]) => `${id}:${text}`);
    const faults = faultsOf({ SIGNING_KEYS: [good, ...entries, good].join() });
    const told = `is not base64 of a P-256 private key in PKCS #8`;
    expect(faults).toEqual([
      `SIGNING_KEYS ${Object.keys(bad)
        .map((id) => `key '${id}' ${told}; `)
        .join('')}names the key 'good' twice`,
    ]);
  });

  test('wants the parts of DKIM together, and a key file that is there', () => {
    expect(faultsOf({ DKIM_DOMAIN: 'a.example', DKIM_SELECTOR: 'b' })).toHaveLength(1);
    const missing = faultsOf({ DKIM_DOMAIN: 'a.example', DKIM_SELECTOR: 'b', DKIM_KEY_FILE: '/nowhere/key.pem' });
    expect(missing.some((fault) => fault.startsWith('DKIM_KEY_FILE '))).toBe(true);
  });
});

describe('a limit', () => {
  const rows = Object.entries(limitTable) as [LimitName, (typeof limitTable)[LimitName]][];

  test.each(rows)('%s is its default where nothing is set, and that is within its bounds', (name, limit) => {
    expect(loadConfig({}).limits[name]).toBe(limit.default);
    expect(limit.default).toBeGreaterThanOrEqual(limit.min);
    expect(limit.default).toBeLessThanOrEqual(limit.max);
  });

  test('whose bounds keep it apart from the one that it depends on needs no further check', () => {
    expect(limitTable.PASSWORD_MIN_LENGTH.max).toBeLessThanOrEqual(limitTable.PASSWORD_MAX_LENGTH.min);
    // RFC 9106, 3.1: at least eight blocks of memory per lane.
    expect(8 * limitTable.ARGON2_LANES.max).toBeLessThanOrEqual(limitTable.ARGON2_MEMORY_KIB.min);
  });

  test.each(rows)('%s takes a whole number within its bounds, and nothing else', (name, { min, max }) => {
    const isRefused = (value: string) =>
      faultsOf({ [name]: value }).some((fault) => fault.startsWith(`${name} must be`));
    for (const value of [min, max]) expect(isRefused(String(value))).toBe(false);
    for (const value of [`${min - 1}`, `${max + 1}`, `${min}.5`, `${min}s`, '-1', '1e3', '0x10', 'NaN']) {
      expect([value, isRefused(value)]).toEqual([value, true]);
    }
  });

  test.each<[string, Environment]>([
    ['ACCOUNT_TRIES_BEFORE_PAUSE', { ACCOUNT_TRIES_BEFORE_PAUSE: '20', ACCOUNT_TRIES_BEFORE_STOP: '19' }],
    ['SESSION_IDLE_DAYS', { SESSION_IDLE_DAYS: '31' }],
    ['TRUSTED_SESSION_IDLE_DAYS', { TRUSTED_SESSION_MAX_DAYS: '89' }],
    ['TRUST_IDLE_DAYS', { TRUST_MAX_DAYS: '89' }],
    ['TRUSTED_DEVICES', { DEVICES: '19' }],
    ['RESEND_SECONDS', { CHALLENGE_SECONDS: '30', RESEND_SECONDS: '31' }],
  ])('%s is a fault where it does not fit the limit that it depends on', (name, env) => {
    expect(faultsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
  });
});
