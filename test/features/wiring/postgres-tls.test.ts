import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { pino } from 'pino';
import { openPool } from '../../../src/wiring/database.js';
import { type Certificate, Certificates } from '../../support/certificates.js';
import { migrateByHand } from '../../support/migration-cli.js';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.js';
import { Servers } from '../../support/servers.js';

describe('a PostgreSQL that takes only TLS', () => {
  let certificates: Certificates;
  let authority: Certificate;
  let postgres: TestPostgres;
  let verified: string;

  beforeAll(async () => {
    certificates = new Certificates();
    authority = certificates.authority();
    postgres = await startTestPostgres({
      certificate: certificates.server('DNS:localhost', authority),
      clientAuthority: authority,
      admits: ['local all all trust', 'hostssl all certified 127.0.0.1/32 cert', 'hostssl all all 127.0.0.1/32 trust'],
    });
    verified = `sslmode=verify-full&sslrootcert=${authority.certFile}`;
  });
  afterAll(async () => {
    await postgres?.stop();
    certificates?.[Symbol.dispose]();
  });

  const urlOf = (host: string, options: string, user = 'postgres') =>
    `postgres://${user}@${host}:${postgres.port}/postgres${options && `?${options}`}`;

  async function asAdmin<T extends Record<string, unknown>>(text: string): Promise<T[]> {
    const client = new Client({ host: postgres.socketFolder, port: postgres.port, user: 'postgres' });
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** How the product connects with a URL: a word on the connection, or why there is none. */
  async function outcomeOf(url: string): Promise<string> {
    const pool = openPool(url, pino({ level: 'silent' }));
    try {
      const {
        rows: [row],
      } = await pool.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      return row?.ssl ? 'encrypted' : 'in clear';
    } catch (error) {
      return (error as Error).message;
    } finally {
      await pool.end();
    }
  }

  test('is migrated over it, and every connection of an API and its worker is encrypted', async () => {
    const url = urlOf('localhost', verified);
    await migrateByHand({ DATABASE_URL: url });

    await using servers = await Servers.start({ count: 0 });
    await servers.add({ api: true, worker: true }, { DATABASE_URL: url });
    await servers.trusted();
    const connections = await asAdmin<{ ssl: boolean; what: string }>(
      `select ssl, case when query ilike 'listen%bull%' or query ilike '%bullmq%' then 'queue'
         when application_name = 'doorstep-bus' then 'bus' when query ilike '%rate_limit%' then 'limits' else 'main' end as what
       from pg_stat_ssl join pg_stat_activity using (pid) where client_addr is not null`,
    );
    expect(connections.length).toBeGreaterThan(3);
    expect(new Set(connections.map(({ what }) => what))).toEqual(new Set(['queue', 'bus', 'limits', 'main']));
    expect(connections.filter(({ ssl }) => !ssl)).toEqual([]);
  });

  test('is not connected to in clear', async () => {
    expect(await outcomeOf(urlOf('localhost', ''))).toMatch(/no encryption/);
    expect(await outcomeOf(urlOf('localhost', 'sslmode=disable'))).toMatch(/no encryption/);
  });

  test.each([
    // what the URL says, the host that it names, and what comes of it; the certificate is for localhost alone
    ['verify-full', 'localhost', 'encrypted'],
    ['verify-full', '127.0.0.1', /does not match certificate's altnames|is not in the cert's/],
    ['verify-ca', 'localhost', 'encrypted'],
    ['verify-ca', '127.0.0.1', /does not match certificate's altnames|is not in the cert's/],
    ['require', 'localhost', 'encrypted'],
    ['require', '127.0.0.1', /does not match certificate's altnames|is not in the cert's/],
    ['verify-ca&uselibpqcompat=true', '127.0.0.1', 'encrypted'],
    ['require&uselibpqcompat=true', '127.0.0.1', 'encrypted'],
    ['verify-full&uselibpqcompat=true', '127.0.0.1', /does not match certificate's altnames|is not in the cert's/],
    ['verify-full&sslnegotiation=direct', 'localhost', 'encrypted'],
  ])('with a certificate of the authority and sslmode=%s, as %s: %s', async (mode, host, outcome) => {
    expect(await outcomeOf(urlOf(host, `sslmode=${mode}&sslrootcert=${authority.certFile}`))).toMatch(outcome);
  });

  test.each([
    ['verify-full', /self-signed|unable to verify|unable to get/],
    ['verify-ca', /self-signed|unable to verify|unable to get/],
    ['require', /self-signed|unable to verify|unable to get/],
    ['verify-ca&uselibpqcompat=true', /self-signed|unable to verify|unable to get|unknown/],
    ['require&uselibpqcompat=true', /self-signed|unable to verify|unable to get/],
  ])("with sslmode=%s and somebody else's authority is refused", async (mode, reason) => {
    const other = certificates.authority();
    expect(await outcomeOf(urlOf('localhost', `sslmode=${mode}&sslrootcert=${other.certFile}`))).toMatch(reason);
  });

  test.each([
    ['no-verify', 'encrypted'],
    ['require&uselibpqcompat=true', 'encrypted'],
    ['require', /self-signed|unable to verify|unable to get/],
  ])('with sslmode=%s and no authority: %s', async (mode, outcome) => {
    expect(await outcomeOf(urlOf('localhost', `sslmode=${mode}`))).toMatch(outcome);
  });

  test('is shown the certificate of the client, where the URL names one', async () => {
    await asAdmin('create role certified login');
    const client = certificates.client('certified', authority);
    const shown = `sslcert=${client.certFile}&sslkey=${client.keyFile}`;
    expect(await outcomeOf(urlOf('localhost', `${verified}&${shown}`, 'certified'))).toBe('encrypted');
    expect(await outcomeOf(urlOf('localhost', verified, 'certified'))).toMatch(/valid client certificate/);
  });

  test('is reached over its Unix socket too, with the settings that the URL names', async () => {
    const url = `postgres:///postgres?host=${postgres.socketFolder}&port=${postgres.port}&user=postgres&application_name=ours&options=-c%20geqo_seed%3D0.5`;
    const pool = openPool(url, pino({ level: 'silent' }));
    try {
      const {
        rows: [row],
      } = await pool.query(
        `select client_addr, application_name, current_setting('geqo_seed') as seed
         from pg_stat_activity where pid = pg_backend_pid()`,
      );
      expect(row).toEqual({ client_addr: null, application_name: 'ours', seed: '0.5' });
    } finally {
      await pool.end();
    }
  });
});
