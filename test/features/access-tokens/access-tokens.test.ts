import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { endKeys } from '../../../src/clients/clients.js';
import { newSigningKey } from '../../../src/codes/signing-keys.js';
import { accessTokenFor, signingKeys } from '../../support/access-tokens.js';
import { Backend, sessionOf, withDatabase } from '../../support/backend.js';
import { Client } from '../../support/client.js';
import type { Handset } from '../../support/handset.js';
import { CREATE_ACCESS_TOKEN } from '../../support/operations.js';
import { asA } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';
import { TokenVerifier } from '../../support/token-verifier.js';

// Proofs for a product's services, which verify them by themselves.

const TOKEN_SECONDS = 90;
const ISSUER = 'http://localhost:4000';

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({
    env: { SIGNING_KEYS: signingKeys },
    limits: { ACCESS_TOKEN_SECONDS: TOKEN_SECONDS },
  });
  shop = await Backend.add(servers, { ownAccounts: true, audiences: ['orders', 'https://api.example/v1'] });
});
afterAll(() => servers[Symbol.asyncDispose]());

const keySetOf = (nth = 0) => `${servers.client(nth).url}/.well-known/jwks.json`;
const refusal = async (phone: Handset, audience: string) =>
  (await phone.client.error(CREATE_ACCESS_TOKEN, { audience }, { token: phone.sessionToken })).extensions.code;

describe('a token', () => {
  test('says who is signed in on which device, for whom and until when, and no address', async () => {
    const phone = await servers.trusted();
    const { id, accountId, deviceId } = await sessionOf(servers, phone);
    const { token, expiresAt, expiresInSeconds } = await accessTokenFor(phone, 'orders');
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'test' });
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      ...{ iss: ISSUER, aud: 'orders', sub: accountId, client_id: shop.id, sid: id, device_id: deviceId },
      ...{ auth_time: expect.any(Number), iat: expect.any(Number), exp: (claims.iat ?? 0) + TOKEN_SECONDS },
      jti: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(expiresInSeconds).toBe(TOKEN_SECONDS);
    expect(Date.parse(expiresAt)).toBe(1000 * (claims.exp ?? 0));
    const { provenAt } = await shop.ask<{ provenAt: string }>(
      'query ($id: ID) { result: session(id: $id) { provenAt } }',
      {
        id,
      },
    );
    expect(claims.auth_time).toBe(Math.floor(Date.parse(provenAt) / 1000));
  });

  test("has the client's own id of a subject", async () => {
    const client = await Backend.add(servers, { audiences: ['subjects'] });
    const phone = await servers.signedUp();
    const externalId = await client.holds(servers, phone);
    const { token } = await accessTokenFor(phone, 'subjects');
    expect(decodeJwt(token)).toMatchObject({ ext: externalId, client_id: client.id, aud: 'subjects' });
  });

  test('is another each time, under one session', async () => {
    const phone = await servers.signedUp();
    const tokens = await Promise.all(Array.from({ length: 16 }, () => accessTokenFor(phone, 'orders')));
    expect(new Set(tokens.map(({ token }) => decodeJwt(token).jti)).size).toBe(16);
    expect(new Set(tokens.map(({ token }) => decodeJwt(token).sid)).size).toBe(1);
  });

  test('is good for ACCESS_TOKEN_SECONDS, and no longer than its session lasts by itself', async () => {
    const phone = await servers.signedUp();
    const { id } = await sessionOf(servers, phone);
    expect((await accessTokenFor(phone, 'orders')).expiresInSeconds).toBe(TOKEN_SECONDS);
    await servers.database.query(
      `update session set created_at = clock_timestamp() - interval '30 days' + interval '20 seconds',
         last_used_at = clock_timestamp() where id = $1`,
      [id],
    );
    const { expiresInSeconds } = await accessTokenFor(phone, 'orders');
    expect(expiresInSeconds).toBeLessThanOrEqual(20);
    expect(expiresInSeconds).toBeGreaterThan(0);
  });

  test('is verified in another process by the published keys, and one for somebody else is not', async () => {
    const phone = await servers.signedUp();
    await using service = TokenVerifier.start(keySetOf(), ISSUER, 'orders');
    const { token } = await accessTokenFor(phone, 'orders');
    expect(await service.verify(token)).toEqual({ claims: decodeJwt(token), header: decodeProtectedHeader(token) });
    const other = await accessTokenFor(phone, 'https://api.example/v1');
    expect(await service.verify(other.token)).toEqual({ fault: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
    const [head = '', body = '', signature = ''] = token.split('.');
    const changed = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: randomUUID() })).toString('base64url');
    expect(await service.verify([head, changed, signature].join('.'))).toMatchObject({
      fault: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
    expect(await service.verify([head, body, ''].join('.'))).toMatchObject({ fault: expect.any(String) });
  });
});

describe('no token is made', () => {
  test('without a session', async () => {
    const { extensions } = await servers.client().error(CREATE_ACCESS_TOKEN, { audience: 'orders' });
    expect(extensions.code).toBe('UNAUTHENTICATED');
  });

  test('without SIGNING_KEYS, and then there are no keys to be had', async () => {
    await servers.add({ api: true, worker: false }, { SIGNING_KEYS: '' });
    const phone = (await servers.signedUp()).twin(servers.client(1));
    expect(await refusal(phone, 'orders')).toBe('FORBIDDEN');
    expect(await (await fetch(keySetOf(1))).json()).toEqual({ keys: [] });
  });

  test.each([
    '',
    'Orders',
    'orders ',
    'orders\u0000',
    'orders,https://api.example/v1',
    '{orders}',
    '*',
    'x'.repeat(5000),
  ])('for %j, which is nobody’s audience', async (audience) => {
    expect(await refusal(await servers.signedUp(), audience)).toBe('NOT_FOUND');
  });

  test('for the audience of a client that does not see the account', async () => {
    const stranger = await Backend.add(servers, { audiences: ['strange'] });
    const phone = await servers.signedUp();
    expect(await refusal(phone, 'strange')).toBe('NOT_FOUND');
    await stranger.holds(servers, phone);
    expect((await accessTokenFor(phone, 'strange')).token).toEqual(expect.any(String));
    expect(await refusal(phone, 'orders')).toBe('NOT_FOUND');
  });

  test('for the audience of a client that has ended', async () => {
    const former = await Backend.add(servers, { ownAccounts: true, audiences: ['former'] });
    const phone = await servers.signedUp();
    await accessTokenFor(phone, 'former');
    await withDatabase(servers.database.url, (db) => db.transaction((tx) => endKeys(tx, former.name, 'ALL')));
    expect(await refusal(phone, 'former')).toBe('NOT_FOUND');
  });

  test.each([
    ['has ended', 'update session set ended_at = clock_timestamp() where id = $1'],
    ['was given another token', `update session set token_hash = sha256(token_hash) where id = $1`],
    [
      'lost its device',
      'update device set removed_at = clock_timestamp() where id = (select device_id from session where id = $1)',
    ],
  ])('for a session that %s while the request was under way', async (_how, change) => {
    const phone = await servers.signedUp();
    const { id } = await sessionOf(servers, phone);
    await servers.database.holding('lock table api_client in access exclusive mode', [], async (held) => {
      const asked = refusal(phone, 'orders');
      await held.waiters(1);
      await servers.database.query(change, [id]);
      await held.release();
      expect(await asked).toBe('UNAUTHENTICATED');
    });
  });
});

describe('keys are exchanged without a gap', () => {
  const [old, next] = [newSigningKey('2026-11'), newSigningKey('2026-12')];

  test('the new one last, then first: each service goes on with the keys that it fetched before', async () => {
    const start = async (...keys: string[]) => {
      const app = await servers.add({ api: true, worker: false }, { SIGNING_KEYS: keys.join(',') });
      const url = app.url ?? '';
      return { client: shop.at(url), url, keySet: `${url}/.well-known/jwks.json` };
    };
    const kids = async (keySet: string) => {
      const { keys } = (await (await fetch(keySet)).json()) as { keys: Record<string, string>[] };
      return keys.map(({ kid }) => kid);
    };
    const phone = await servers.signedUp();
    const tokenBy = async (url: string) => (await accessTokenFor(phone.twin(new Client(url)), 'orders')).token;

    const before = await start(old);
    const during = await start(old, next);
    const after = await start(next, old);
    const end = await start(next);
    expect(await Promise.all([before, during, after, end].map(({ keySet }) => kids(keySet)))).toEqual([
      ['2026-11'],
      ['2026-11', '2026-12'],
      ['2026-12', '2026-11'],
      ['2026-12'],
    ]);
    const tokens = await Promise.all([before, during, after, end].map(({ url }) => tokenBy(url)));
    expect(tokens.map((token) => decodeProtectedHeader(token).kid)).toEqual([
      '2026-11',
      '2026-11',
      '2026-12',
      '2026-12',
    ]);

    await using service = TokenVerifier.start(during.keySet, ISSUER, 'orders');
    for (const token of tokens) expect(await service.verify(token)).toMatchObject({ claims: { aud: 'orders' } });
    const isActive = async (server: { client: Backend }) => {
      const answers = await Promise.all(tokens.map((token) => server.client.introspect({ token })));
      return answers.map(({ body }) => body.active);
    };
    expect(await isActive(before)).toEqual([true, true, false, false]);
    expect(await isActive(during)).toEqual([true, true, true, true]);
    expect(await isActive(after)).toEqual([true, true, true, true]);
    expect(await isActive(end)).toEqual([false, false, true, true]);
  });
});

describe('what is published', () => {
  test('are public keys, with how long they may be kept', async () => {
    const answer = await fetch(keySetOf());
    expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const coordinate = expect.stringMatching(/^[\w-]{43}$/);
    expect(await answer.json()).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: 'test', x: coordinate, y: coordinate }],
    });
  });

  test('is what others look for by RFC 8414', async () => {
    const answer = await fetch(`${servers.client().url}/.well-known/oauth-authorization-server`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toEqual({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      introspection_endpoint: `${ISSUER}/introspect`,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'Bearer'],
      response_types_supported: [],
      grant_types_supported: [],
    });
  });
});

test('no key and no token is in the database, nor in the log', async () => {
  const phone = await servers.trusted();
  asA('SignedIn', await phone.signIn());
  const { token } = await accessTokenFor(phone, 'orders');
  await shop.introspect({ token });
  await fetch(`${shop.introspectionUrl}?token=${token}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${shop.key}` },
  });
  const seen = `${await servers.database.dump()}\n${servers.log.join('\n')}`;
  const [, , signature = randomBytes(8).toString('hex')] = token.split('.');
  for (const secret of [signature, signingKeys.split(':')[1] ?? token]) expect(seen).not.toContain(secret);
});
