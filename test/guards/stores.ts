import type { Guard } from './guard.js';

/** What keeps the URLs of stores and mail server to what they say. */
export const storeGuards: readonly Guard[] = [
  {
    name: 'tls-of-the-tables',
    keeps: 'what DATABASE_URL says of TLS holds for the connections that carry accounts too',
    edits: [
      {
        file: 'wiring/database.ts',
        find: '...readPostgresUrl(databaseUrl), ...connectionOptions',
        replace: '...readPostgresUrl(databaseUrl), ...connectionOptions, ssl: false',
      },
    ],
    noticedBy: ['postgres-tls', 'is migrated over it, and every connection of an API and its worker is encrypted'],
    breaks: true,
  },
  {
    name: 'tls-of-the-bus',
    keeps: 'what DATABASE_URL says of TLS holds for the connection that wakes other servers',
    edits: [
      {
        file: 'bus/postgres-link.ts',
        find: '      ...readPostgresUrl(this.url),\n',
        replace: '      ...readPostgresUrl(this.url),\n      ssl: false,\n',
      },
    ],
    noticedBy: ['postgres-tls', 'is migrated over it, and every connection of an API and its worker is encrypted'],
  },
  {
    name: 'the-host-of-a-certificate',
    keeps: 'a certificate of localhost does not pass for that of an address',
    edits: [
      {
        file: 'config/postgres-url.ts',
        find: 'checkServerIdentity(host, certificate)',
        replace: 'checkServerIdentity(_, certificate)',
      },
    ],
    noticedBy: ['store-urls', 'with sslmode=%s verifies the host, by address too'],
  },
  {
    name: 'unknown-options-of-urls',
    keeps: 'an option that would not count stops the start',
    edits: [
      { file: 'config/url-parts.ts', find: 'if (!known.includes(name)) {', replace: 'if (name === known[-1]) {' },
    ],
    noticedBy: ['store-urls', '%j stops the start, with the reason'],
  },
  {
    name: 'percent-signs-of-urls',
    keeps: 'a password with a % that encodes nothing stops the start',
    edits: [{ file: 'config/url-parts.ts', find: '    return null;\n', replace: '    return part;\n' }],
    noticedBy: ['store-urls', '%j stops the start, with the reason'],
  },
  {
    name: 'passwords-of-mail-in-clear',
    keeps: 'a password of the mail server goes in clear to this machine alone',
    edits: [{ file: 'config/smtp-url.ts', find: ' && !isLoopback(host)', replace: ' && host === null' }],
    noticedBy: ['store-urls', '%j stops the start, with the reason'],
  },
  {
    name: 'whom-mail-trusts',
    keeps: 'who says whom to trust with mail is not left in clear where the offer of STARTTLS was taken out',
    edits: [
      {
        file: 'config/smtp-url.ts',
        find: 'const requireTLS = password !== null || verifies;',
        replace: 'const requireTLS = password !== null;',
      },
    ],
    noticedBy: ['store-urls', '%s is read whole'],
  },
  {
    name: 'tls-of-migrations',
    keeps: 'a migration is not run in clear where PGSSLMODE asks for TLS',
    edits: [
      {
        file: 'orm.config.ts',
        find: ': { DATABASE_URL, PGSSLMODE, PGUSER, USER, USERNAME };',
        replace: ': { DATABASE_URL, PGUSER, USER, USERNAME, ...(PGSSLMODE ? {} : {}) };',
      },
    ],
    noticedBy: [
      'migrations',
      'migration:up heeds PGSSLMODE as every other command does: it stops, and nothing goes in clear',
    ],
  },
  {
    name: 'codes-of-faults',
    keeps: "a mail server's fault is logged under a name that is not taken for a code's",
    edits: [{ file: 'mail/transport.ts', find: 'errorCode: error.code', replace: 'code: error.code' }],
    noticedBy: [
      'attack-log',
      'of a mail server that cannot be reached the log tells the code of the fault, which is no secret',
    ],
  },
  {
    name: 'prefix-of-the-queue',
    keeps: "two installations on one Redis do not take each other's jobs",
    edits: [{ file: 'outbox/queue.ts', find: "[redisPrefix, 'bull']", replace: "[redisPrefix && 'doorstep', 'bull']" }],
    noticedBy: [
      'redis-urls',
      'with prefixes of their own share it unharmed, and with one prefix the second is warned of',
    ],
    breaks: true,
  },
  {
    name: 'mark-of-an-installation',
    keeps: 'two installations under one prefix are told',
    edits: [
      {
        file: 'wiring/redis-claim.ts',
        find: 'await this.redis.get(key)) === identity',
        replace: 'await this.redis.get(key)) !== null',
      },
    ],
    noticedBy: [
      'redis-urls',
      'with prefixes of their own share it unharmed, and with one prefix the second is warned of',
    ],
    breaks: true,
  },
];
