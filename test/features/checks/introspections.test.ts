import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, exportSPKI, type JWTPayload, UnsecuredJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { newSigningKey } from '../../../src/codes/signing-keys.js';
import { accessTokenFor, signed, signingKeyIn, signingKeys } from '../../support/access-tokens.js';
import { Backend, sessionOf } from '../../support/backend.js';
import { CHECK, type CheckedSession, END_SESSION, END_TRUST, TAKE_DEVICE } from '../../support/backend-operations.js';
import { openedPages } from '../../support/hand-overs.js';
import type { Handset } from '../../support/handset.js';
import { changePassword, letIn } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { StatementCounter } from '../../support/statement-counter.js';
import { freePort } from '../../support/store.js';
import { until } from '../../support/waiting.js';

// POST /introspect (RFC 7662), and what access tokens are worth there and in the check of a session.

const KEEP_SECONDS = 40;

let servers: Servers;
let shop: Backend;
/** The same backend, talking to a server whose statements are counted. */
let counted: Backend;
let counter: StatementCounter;
let issuer: string;
beforeAll(async () => {
  servers = await Servers.start({
    ...{ pages: true, redis: backEnds.some(({ redis }) => redis), env: { SIGNING_KEYS: signingKeys } },
    limits: { CHECK_KEEP_SECONDS: KEEP_SECONDS, ACCESS_TOKEN_SECONDS: 30 },
  });
  issuer = servers.client().url;
  counter = await StatementCounter.start(servers.database.url);
  const app = await servers.add({ api: true, worker: false }, { DATABASE_URL: counter.url, PUBLIC_URL: issuer });
  shop = await Backend.add(servers, { ownAccounts: true, audiences: ['orders', 'billing'] });
  counted = shop.at(app.url ?? '');
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
});

const INACTIVE = { active: false };
const told = async (token: string | null, backend = shop) => (await backend.introspect({ token: token ?? '' })).body;
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const seconds = (instant: string | undefined | null) => Math.floor(Date.parse(instant ?? '') / 1000);
const byCheck = (token: string) => shop.ask<CheckedSession | null>(CHECK, { token });
const usesOf = (id: string) =>
  servers.database.row<{ usedAt: Date | null; ip: string }>(
    `select s.last_used_at as "usedAt", d.last_ip_address as ip
     from session s join device d on d.id = s.device_id where s.id = $1`,
    [id],
  );

describe('a live session is told', () => {
  test('by its token, in the words of the standard', async () => {
    const phone = await servers.trusted();
    const session = await byCheck(phone.sessionToken ?? '');
    const { status, headers, body } = await shop.introspect({ token: phone.sessionToken ?? '' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      ...{ active: true, token_type: 'Bearer', iss: issuer, client_id: shop.id },
      ...{ sub: session?.accountId, sid: session?.id, device_id: session?.deviceId },
      ...{ auth_time: seconds(session?.provenAt), iat: seconds(session?.createdAt), exp: seconds(session?.expiresAt) },
    });
  });

  test('by an access token that was made for it, as that says', async () => {
    const phone = await servers.signedUp();
    const { token } = await accessTokenFor(phone, 'billing');
    expect(await told(token)).toEqual({ active: true, token_type: 'Bearer', ...decodeJwt(token) });
    const { id, accountId, deviceId } = await sessionOf(servers, phone);
    expect(await byCheck(token)).toMatchObject({ id, accountId, deviceId, email: phone.owner.email });
  });

  test('with the moment of its proof, which handing it over to the pages makes no newer', async () => {
    const phone = await servers.trusted();
    await servers.database.query(
      `update session set created_at = created_at - interval '1 day', proven_at = null
       where account_id = (select id from account where email = $1)`,
      [phone.owner.email],
    );
    const proof = async (token: string | null) => (await shop.introspect({ token: token ?? '' })).body.auth_time;
    const proven = await proof(phone.sessionToken);
    expect(proven).toEqual(expect.any(Number));
    const pages = await openedPages(phone);
    expect(await proof(pages.sessionToken)).toBe(proven);
  });

  test("with the client's own id of a subject, and no address", async () => {
    const client = await Backend.add(servers, { audiences: ['own'] });
    const phone = await servers.signedUp();
    const ext = await client.holds(servers, phone);
    const { token } = await accessTokenFor(phone, 'own');
    for (const asked of [phone.sessionToken, token]) {
      const body = await told(asked, client);
      expect(body).toMatchObject({ active: true, ext, client_id: client.id });
      expect(JSON.stringify(body)).not.toContain(phone.owner.email);
    }
  });

  test('whatever a hint says', async () => {
    const phone = await servers.signedUp();
    for (const hint of ['access_token', 'refresh_token', 'urn:nonsense', '']) {
      const form = { token: phone.sessionToken ?? '', token_type_hint: hint, something: 'else' };
      expect([hint, (await shop.introspect(form)).body]).toMatchObject([hint, { active: true }]);
    }
  });

  test('to a client library that nobody has changed, by the id and the key of the client', async () => {
    const phone = await servers.signedUp();
    const insecure = { [oauth.allowInsecureRequests]: true };
    const found = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure });
    const server = await oauth.processDiscoveryResponse(new URL(issuer), found);
    const client = { client_id: shop.id };
    const ask = async (token: string, auth = oauth.ClientSecretBasic(shop.key)) =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, auth, token, {
          ...insecure,
          additionalParameters: { used_from: '198.51.100.20' },
        }),
      );
    const { token } = await accessTokenFor(phone, 'orders');
    const { id, accountId } = await sessionOf(servers, phone);
    for (const asked of [phone.sessionToken ?? '', token]) {
      expect(await ask(asked)).toMatchObject({ active: true, sub: accountId, sid: id, client_id: shop.id });
    }
    expect((await usesOf(id)).ip).toBe('198.51.100.20');
    await phone.signOut();
    expect(await ask(token)).toEqual(INACTIVE);
    await expect(ask(token, oauth.ClientSecretBasic(`key_${'A'.repeat(43)}`))).rejects.toMatchObject({ status: 401 });
  });
});

describe('nothing is told', () => {
  test.each([
    ['of nothing', 'nonsense'],
    ['of a token of nobody', `ses_${'A'.repeat(43)}`],
    ['of what looks like a JWT', 'e30.e30.e30'],
    ['of dots', '....'],
    ['of a long text', `${'a'.repeat(4000)}.${'b'.repeat(4000)}.${'c'.repeat(4000)}`],
    ['of a NUL', 'ses_\u0000'],
  ])('%s', async (_what, token) => {
    expect(await shop.introspect({ token })).toMatchObject({ status: 200, body: INACTIVE });
    expect((await shop.introspect({ token })).body).toEqual(INACTIVE);
    expect(await byCheck(token)).toBeNull();
  });

  test('of the token of a device, of a challenge, of a key', async () => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    for (const token of [phone.deviceToken, challenge.token, shop.key]) expect(await told(token)).toEqual(INACTIVE);
  });

  test.each([
    ['was signed out', (phone: Handset) => phone.signOut()],
    [
      'was ended by the backend',
      async (phone: Handset) => shop.ask(END_SESSION, { sessionId: (await sessionOf(servers, phone)).id }),
    ],
    [
      'lost its device',
      async (phone: Handset) => shop.ask(TAKE_DEVICE, { deviceId: (await sessionOf(servers, phone)).deviceId }),
    ],
    [
      'ended with all trust',
      async (phone: Handset) =>
        shop.ask(END_TRUST, { accountId: (await sessionOf(servers, phone)).accountId, reason: 'CLOSED' }),
    ],
    [
      'was not used for too long',
      async (phone: Handset) =>
        servers.database.age('session', '8 days', 'id = $1', [(await sessionOf(servers, phone)).id]),
    ],
  ])('of a session that %s, nor of an access token made for it, on every server at that moment', async (_how, end) => {
    const phone = await servers.signedUp();
    const { token } = await accessTokenFor(phone, 'orders');
    expect(await told(token)).toMatchObject({ active: true });
    await end(phone);
    for (const backend of [shop, counted]) {
      expect(await told(token, backend)).toEqual(INACTIVE);
      expect(await told(phone.sessionToken, backend)).toEqual(INACTIVE);
    }
    expect(await byCheck(token)).toBeNull();
  });

  test('of an access token once its session has another token: whoever had the one before may have made it', async () => {
    const phone = await servers.signedUp();
    const before = phone.twin();
    const { token } = await accessTokenFor(before, 'orders');
    await changePassword(phone, 'velvet-harbor-31-comet');
    expect(await told(token)).toEqual(INACTIVE);
    expect(await told(before.sessionToken)).toEqual(INACTIVE);
    expect(await told((await accessTokenFor(phone, 'orders')).token)).toMatchObject({ active: true });
  });
});

describe('an access token is worth nothing', () => {
  let phone: Handset;
  beforeAll(async () => {
    phone = await servers.signedUp();
  });
  /** One that the server has made, and what another one would say. */
  async function made(): Promise<{ claims: JWTPayload; token: string }> {
    const { token } = await accessTokenFor(phone, 'orders');
    return { claims: decodeJwt(token), token };
  }
  const foreign = signingKeyIn(newSigningKey('test')).privateKey;

  test('unless it is as we made it: signed by us again, it is good', async () => {
    const { claims } = await made();
    expect(await told(await signed(claims))).toMatchObject({ active: true });
  });

  test.each<[string, (claims: JWTPayload) => string | Promise<string>]>([
    ['without a signature', (claims) => new UnsecuredJWT(claims).encode()],
    ['with an empty signature', async (claims) => (await signed(claims)).replace(/[^.]*$/, '')],
    ['by another key of our name', (claims) => signed(claims, { key: foreign })],
    ['by a key of another name', (claims) => signed(claims, { header: { kid: 'other' }, key: foreign })],
    ['under a name that is none of ours', (claims) => signed(claims, { header: { kid: 'other' } })],
    ['under no name', (claims) => signed(claims, { header: { kid: undefined } })],
    ['of another type', (claims) => signed(claims, { header: { typ: 'JWT' } })],
    ['of no type', (claims) => signed(claims, { header: { typ: undefined } })],
    ['of another issuer', (claims) => signed({ ...claims, iss: 'https://other.example' })],
    ['for nobody', ({ aud: _, ...claims }) => signed(claims)],
    ['for somebody else', (claims) => signed({ ...claims, aud: 'else' })],
    ['for a time that is over', (claims) => signed({ ...claims, exp: (claims.iat ?? 0) - 1 })],
    ['for ever', ({ exp: _, ...claims }) => signed(claims)],
    ['for longer than there are years', (claims) => signed({ ...claims, exp: 1e13 })],
    ['of no session', ({ sid: _, ...claims }) => signed(claims)],
    ['of a session that is none', (claims) => signed({ ...claims, sid: "' or true --" })],
    ['of another session', (claims) => signed({ ...claims, sid: randomUUID() })],
    ['without its tie', (claims) => signed({ ...claims, jti: String(claims.jti).slice(0, 22) })],
    ['with another tie', (claims) => signed({ ...claims, jti: Buffer.alloc(32).toString('base64url') })],
  ])('that was made %s', async (_how, forge) => {
    const { claims } = await made();
    const token = await forge(claims);
    expect(await told(token)).toEqual(INACTIVE);
    expect(await byCheck(token)).toBeNull();
  });

  test('by HMAC with what is published', async () => {
    const { claims } = await made();
    const { publicKey } = signingKeyIn();
    const { x = '' } = publicKey.export({ format: 'jwk' });
    const texts = [await exportSPKI(publicKey), publicKey.export({ type: 'spki', format: 'der' }), x];
    for (const key of texts.map((text) => Buffer.from(text as string))) {
      expect(await told(await signed(claims, { header: { alg: 'HS256' }, key }))).toEqual(INACTIVE);
    }
  });

  test('with a key that it brings itself', async () => {
    const { claims } = await made();
    const { kty, crv, x, y } = signingKeyIn(newSigningKey('own')).publicKey.export({ format: 'jwk' });
    const header = { jwk: { kty, crv, x, y }, jku: 'http://127.0.0.1:9/jwks.json', kid: 'own' } as never;
    expect(await told(await signed(claims, { header, key: foreign }))).toEqual(INACTIVE);
  });

  test('to another client, whoever its people are, and to one without audiences', async () => {
    const { token } = await made();
    for (const audiences of [[], ['someone else']]) {
      const other = await Backend.add(servers, { ownAccounts: true, audiences });
      expect(await told(token, other)).toEqual(INACTIVE);
      expect(await other.ask(CHECK, { token })).toBeNull();
    }
  });

  test('once its time has passed by the clock of the database, and may be kept no longer than that', async () => {
    const { claims, token } = await made();
    const kept = (await byCheck(token))?.mayBeKept ?? Number.NaN;
    expect(kept).toBeLessThanOrEqual(30);
    expect(kept).toBeGreaterThan(20);
    const now = await servers.database.row<{ now: number }>(
      'select extract(epoch from clock_timestamp())::float8 as now',
    );
    const short = await signed({ ...claims, exp: Math.floor(now.now) + 2 });
    expect(await told(short)).toMatchObject({ active: true });
    await until(async () => (await told(short)).active === false, 'the end of the token');
  });
});

describe('a token that is presented has arrived', () => {
  test('so the first introspection stops the clock of an unused session, once, and moves nothing else', async () => {
    const owner = await servers.trusted();
    const tablet = owner.another('Tablet');
    await letIn(owner, tablet);
    const { id } = await sessionOf(servers, tablet);
    const before = await usesOf(id);
    expect(before.usedAt).toBeNull();
    await told(tablet.sessionToken);
    const arrived = await usesOf(id);
    expect(arrived).toEqual({ ip: before.ip, usedAt: expect.any(Date) });
    await told(tablet.sessionToken);
    expect(await usesOf(id)).toEqual(arrived);
    await servers.database.age('session', '11 minutes', 'id = $1', [id]);
    expect(await told(tablet.sessionToken)).toMatchObject({ active: true });
  });

  test('and it costs one statement besides that for the key', async () => {
    const phone = await servers.signedUp();
    const { token } = await accessTokenFor(phone, 'orders');
    for (const asked of [token, phone.sessionToken]) {
      await told(asked, counted);
      expect(await counter.during(() => told(asked, counted))).toEqual({ statements: 2, roundTrips: 2 });
    }
  });

  test('from where used_from says, as the check of a session notes it', async () => {
    const phone = await servers.signedUp();
    const { id } = await sessionOf(servers, phone);
    const { token } = await accessTokenFor(phone, 'orders');
    await shop.introspect({ token, used_from: '2001:DB8::0:1' });
    expect((await usesOf(id)).ip).toBe('2001:db8::1');
    await shop.introspect({ token: phone.sessionToken ?? '', used_from: '::ffff:198.51.100.7' });
    expect((await usesOf(id)).ip).toBe('198.51.100.7');
    await shop.introspect({ token: phone.sessionToken ?? '', used_from: '' });
    expect((await usesOf(id)).ip).toBe('198.51.100.7');
  });
});

describe('who asks', () => {
  let phone: Handset;
  beforeAll(async () => {
    phone = await servers.signedUp();
  });

  test('shows the key as a bearer token, or with the id of the client by Basic, form-encoded or not', async () => {
    const form = { token: phone.sessionToken ?? '' };
    const encoded = [...shop.key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
    for (const headers of [
      { authorization: `Bearer ${shop.key}` },
      { authorization: `bearer  ${shop.key}` },
      basic(shop.id, shop.key),
      basic(encodeURIComponent(shop.id), encoded),
    ]) {
      expect(await shop.introspect(form, headers)).toMatchObject({ status: 200, body: { active: true } });
    }
  });

  const wrong = `key_${'A'.repeat(43)}`;
  test.each<[string, () => Record<string, string>, RegExp]>([
    ['nothing', () => ({}), /^Basic realm="[^"]+".*, Bearer$/],
    ['a wrong key', () => ({ authorization: `Bearer ${wrong}` }), /^Bearer error="invalid_token"$/],
    ['no key', () => ({ authorization: 'Bearer ' }), /Bearer/],
    ['a wrong key by Basic', () => basic(shop.id, wrong), /^Basic realm="[^"]+"/],
    ['the key with the id of nobody', () => basic(randomUUID(), shop.key), /^Basic/],
    ['the key with the name for the id', () => basic(shop.name, shop.key), /^Basic/],
    ['the key without an id', () => basic('', shop.key), /^Basic/],
    ['what cannot be decoded', () => basic(shop.id, '%E0%A4%A'), /^Basic/],
    ['half of Basic', () => ({ authorization: `Basic ${Buffer.from(shop.key).toString('base64')}` }), /^Basic/],
    ['another scheme', () => ({ authorization: `Digest ${shop.key}` }), /Basic.*Bearer/],
    ['a cookie', () => ({ cookie: `session=${shop.key}; __Host-session=${shop.key}` }), /Basic.*Bearer/],
  ])('with %s is refused with 401, and told how to ask', async (_what, headers, challenge) => {
    const refused = await shop.introspect({ token: phone.sessionToken ?? '' }, headers());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(refused.body.active).toBeUndefined();
    expect(refused.headers.get('www-authenticate')).toMatch(challenge);
  });

  test('with the session of a person is refused', async () => {
    const headers = { authorization: `Bearer ${phone.sessionToken}` };
    expect((await shop.introspect({ token: phone.sessionToken ?? '' }, headers)).status).toBe(401);
  });

  test('with two keys at once is refused, whichever of them is right', async () => {
    const right = `Bearer ${shop.key}`;
    const statusOf = async (...shown: string[]) => {
      const headers = ['host', 'localhost', 'content-type', 'application/x-www-form-urlencoded'];
      const asked = request(shop.introspectionUrl, {
        method: 'POST',
        headers: [...headers, ...shown.flatMap((value) => ['authorization', value])],
      });
      asked.end('token=a');
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await statusOf(right, right)).toBe(200);
    for (const other of [`Bearer ${wrong}`, basic(shop.id, shop.key).authorization]) {
      expect(await statusOf(right, other)).toBe(401);
      expect(await statusOf(other, right)).toBe(401);
    }
  });

  test('with a wrong key asks PostgreSQL no less than with a right one, however it is shown', async () => {
    const form = { token: 'nonsense' };
    await counted.introspect(form);
    const right = await counter.during(() => counted.introspect(form));
    for (const headers of [
      { authorization: `Bearer ${wrong}` },
      { authorization: `Bearer ${'x'.repeat(5000)}` },
      ...[basic(shop.id, wrong), basic(shop.id, shop.key.slice(1)), basic(shop.id, '%'), basic('', '')],
    ]) {
      const asked = await counter.during(() => counted.introspect(form, headers));
      expect(asked.statements).toBeGreaterThanOrEqual(right.statements);
    }
  });

  test('too often with a wrong key waits, and a right one works all the same', async () => {
    await using few = await Servers.start({ worker: false, limits: { KEY_FAILURES_PER_IP_HOUR: 2 } });
    const backend = await Backend.add(few);
    const statusOf = async (key: string) => (await backend.introspect({ token: 'x' }, basic(backend.id, key))).status;
    expect([await statusOf(wrong), await statusOf(wrong), await statusOf(wrong)]).toEqual([401, 401, 429]);
    expect(await statusOf(backend.key)).toBe(200);
    const refused = await backend.introspect({ token: 'x' }, { authorization: `Bearer ${wrong}` });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('without the scope check is refused with 403', async () => {
    const backend = await Backend.add(servers, { ownAccounts: true, scopes: ['verify', 'people', 'events'] });
    const refused = await backend.introspect({ token: phone.sessionToken ?? '' });
    expect(refused).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
    expect(refused.headers.get('www-authenticate')).toMatch(/insufficient_scope/);
  });
});

describe('a request is refused', () => {
  const send = (init: RequestInit, query = '') =>
    fetch(`${shop.introspectionUrl}${query}`, {
      method: 'POST',
      ...init,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Bearer ${shop.key}`,
        ...(init.headers as Record<string, string>),
      },
    });
  const errorOf = async (answer: Response) => ({
    status: answer.status,
    ...((await answer.json()) as { error: string; error_description: string }),
  });

  test.each([
    ['no token', ''],
    ['an empty token', 'token='],
    ['two tokens', 'token=a&token=b'],
    ['one token twice', 'token=a&token=a'],
    ['two hints', 'token=a&token_type_hint=x&token_type_hint=y'],
    ['anything twice', 'token=a&other=x&other=y'],
    ['the key in it', 'token=a&client_secret=key_x'],
    ['a proof of a key in it', 'token=a&client_assertion=x'],
  ])('that has %s: 400', async (_what, body) => {
    expect(await errorOf(await send({ body }))).toMatchObject({ status: 400, error: 'invalid_request' });
  });

  test.each(['nonsense', '127.1', '010.0.0.1', '10.0.0.1/8', '10.0.0.1:443', '[::1]', '1'.repeat(10_000)])(
    'where used_from is %j: 400',
    async (usedFrom) => {
      const refused = await errorOf(await send({ body: `token=a&used_from=${encodeURIComponent(usedFrom)}` }));
      expect(refused).toMatchObject({ status: 400, error: 'invalid_request' });
      expect(refused.error_description.length).toBeLessThan(200);
    },
  );

  test('with its token in the address: 400', async () => {
    const phone = await servers.signedUp();
    expect((await send({ body: '' }, `?token=${phone.sessionToken}`)).status).toBe(400);
  });

  test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/graphql', 'nonsense'])(
    'as %s: 415',
    async (type) => {
      const refused = await send({ body: '{"token":"a"}', headers: { 'content-type': type } });
      expect(await errorOf(refused)).toMatchObject({ status: 415, error: 'invalid_request' });
    },
  );

  test('and taken where the type names a character set', async () => {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    expect((await send({ body: 'token=a', headers: { 'content-type': type } })).status).toBe(200);
  });

  test('that is too long: 413', async () => {
    expect(await errorOf(await send({ body: `token=${'a'.repeat(20_000)}` }))).toMatchObject({
      status: 413,
      error: 'invalid_request',
    });
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])('by %s: 405', async (method) => {
    const answer = await send({ method });
    expect({ status: answer.status, allow: answer.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
  });

  test.each(['https://evil.example', 'http://localhost:4000', 'null', ''])(
    'from a page of the origin %j, key or not: 403',
    async (origin) => {
      for (const method of ['POST', 'OPTIONS', 'GET']) {
        for (const authorization of [`Bearer ${shop.key}`, 'Bearer nonsense']) {
          const answer = await send({ method, headers: { origin, authorization } });
          expect(answer.status).toBe(403);
          expect(answer.headers.get('access-control-allow-origin')).toBeNull();
        }
      }
    },
  );
});

test('while the database is away it is an error, never inactive', async () => {
  const { sessionToken } = await servers.signedUp();
  await servers.database.away(async () => {
    const { status, body } = await shop.introspect({ token: sessionToken ?? '' });
    expect(status).toBe(500);
    expect(body.active).toBeUndefined();
  });
  await until(async () => (await shop.introspect({ token: sessionToken ?? '' })).status === 200, 'the way back');
});

test('with BACKEND_PORT it is there alone, and nobody elsewhere is told where', async () => {
  const port = await freePort();
  const env = { BACKEND_PORT: String(port), PUBLIC_URL: issuer };
  const app = await servers.add({ api: true, worker: false }, env);
  const phone = await servers.signedUp();
  const { token } = await accessTokenFor(phone, 'orders');
  const there = shop.at(`http://127.0.0.1:${port}`);
  for (const asked of [token, phone.sessionToken]) expect(await told(asked, there)).toMatchObject({ active: true });
  const elsewhere = { method: 'POST', headers: { authorization: `Bearer ${shop.key}` }, body: 'token=a' };
  expect((await fetch(`${app.url}/introspect`, elsewhere)).status).toBe(404);
  for (const url of [`http://127.0.0.1:${port}`, app.url]) {
    const metadata = await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks.json` });
    expect(metadata).not.toHaveProperty('introspection_endpoint');
    expect(await (await fetch(`${url}/.well-known/jwks.json`)).json()).toMatchObject({ keys: [{ kid: 'test' }] });
  }
});
