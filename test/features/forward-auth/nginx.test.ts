import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { sessionOf } from '../../support/backend.js';
import type { Handset } from '../../support/handset.js';
import { freePorts, type NginxSite, nginxAvailable, startNginx } from '../../support/nginx.js';
import { deviceOf, letIn, removeDevice } from '../../support/owner.js';
import { cookieOf, type RawHeaders, sendRaw } from '../../support/proxy-question.js';
import { RecordingService, valuesOf } from '../../support/recording-service.js';
import { Servers } from '../../support/servers.js';
import { until, within } from '../../support/waiting.js';

// A real nginx with the configuration of examples/nginx-static, started as its README says.

(nginxAvailable() ? describe : describe.skip)('behind nginx', () => {
  let servers: Servers;
  let service: RecordingService;
  let nginx: NginxSite;
  let site: string;
  let phone: Handset;
  beforeAll(async () => {
    const [port = 0, doorstep = 0] = await freePorts(2);
    site = `http://localhost:${port}`;
    const urls = { PORT: String(doorstep), PUBLIC_URL: `http://localhost:${doorstep}` };
    servers = await Servers.start({ env: { ...urls, RETURN_ORIGINS: site } });
    service = await RecordingService.start();
    nginx = await startNginx({ site: port, doorstep, product: service.port });
    phone = await servers.trusted();
  });
  afterAll(async () => {
    await nginx[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await servers[Symbol.asyncDispose]();
  });

  const page = ['Accept', 'text/html'];
  const get = (path: string, headers: RawHeaders = [], how: { method?: string; body?: string } = {}) =>
    sendRaw(`${nginx.url}${path}`, headers, how);
  const signIn = (path: string) => `${servers.client().url}/?${new URLSearchParams({ return_to: `${site}${path}` })}`;

  /** The ids that a service was told, each once. */
  const told = (arrived = service.last()) =>
    ['account', 'session', 'device'].map((what) => valuesOf(arrived, `doorstep-${what}`));
  const ids = async (own = phone) => {
    const { accountId, id, deviceId } = await sessionOf(servers, own);
    return [[accountId], [id], [deviceId]];
  };

  describe('a page', () => {
    test('is shown to who is signed in, who is shown in it, and kept by nobody without asking', async () => {
      const answer = await get('/', [...page, ...cookieOf(phone)]);
      expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'private, no-cache' } });
      for (const [id = 'nothing'] of await ids()) expect(answer.body).toContain(`<dd>${id}</dd>`);
      expect((await get('/', [...page, ...cookieOf(phone)], { method: 'HEAD' })).status).toBe(200);
    });

    test.each(['/', '/index.html', '/nothing?a=1&b=%26', '/?return_to=http://evil.example', '//evil.example/'])(
      'is hidden from who is not, who is led to the sign-in page, and from there back to %s',
      async (path) => {
        for (const method of ['GET', 'HEAD']) {
          const answer = await get(path, [...page, 'X-Forwarded-Uri', '/forged'], { method });
          expect(answer).toMatchObject({
            status: 302,
            headers: { location: signIn(path), 'cache-control': 'no-store' },
          });
        }
      },
    );

    test('is 401 to a script, and to whoever names a host that is not this one', async () => {
      for (const headers of [
        ['Accept', 'application/json'],
        [...page, 'Host', 'evil.example'],
        [...page, 'Host', 'evil.example', 'X-Forwarded-Host', new URL(site).host],
        [...page, 'Sec-Fetch-Mode', 'cors'],
      ]) {
        const answer = await get('/', headers);
        expect(answer.status).toBe(401);
        expect(answer.headers.location).toBeUndefined();
      }
    });

    test.each([
      '/public/../index.html',
      '/public/%2e%2e/index.html',
      '/public/..%2findex.html',
      '//index.html',
      '/./index.html',
    ])('is not found on the way round %s', async (path) => {
      expect((await get(path, ['Accept', '*/*'])).body).not.toContain('You are signed in');
    });

    test('is not what the question to Doorstep is', async () => {
      expect((await get('/_doorstep', cookieOf(phone))).status).toBe(404);
    });

    test('is hidden at once when the session ends or the device is removed', async () => {
      const laptop = phone.another('Laptop');
      await letIn(phone, laptop);
      expect((await get('/', [...page, ...cookieOf(laptop)])).status).toBe(200);
      await removeDevice(phone, (await deviceOf(laptop)).id);
      expect((await get('/', [...page, ...cookieOf(laptop)])).status).toBe(302);
      const own = await servers.signedUp();
      const kept = cookieOf(own);
      expect((await get('/', [...page, ...kept])).status).toBe(200);
      await own.signOut();
      expect((await get('/', [...page, ...kept])).status).toBe(302);
    });

    test('is hidden from everybody while nobody can tell', async () => {
      await servers.database.away(async () => {
        const answer = await get('/', [...page, ...cookieOf(phone)]);
        expect(answer.status).toBe(500);
        expect(answer.body).not.toContain('You are signed in');
      });
      await until(async () => (await get('/', cookieOf(phone))).status === 200, 'the way back');
    });
  });

  describe('a service', () => {
    test('is told the true ids, whatever the client claims, in whatever spelling and however often', async () => {
      const claims = ['Account', 'Session', 'Device'].flatMap((what) =>
        [
          `Doorstep-${what}`,
          `doorstep-${what.toLowerCase()}`,
          `DOORSTEP-${what}`,
          `Doorstep_${what}`,
          `doorstep_${what}`,
        ].flatMap((name) => [name, randomUUID(), name, randomUUID()]),
      );
      await get('/api/', [...claims, ...cookieOf(phone)]);
      expect(told()).toEqual(await ids());
      await get('/api/', [...cookieOf(phone), ...claims]);
      expect(told()).toEqual(await ids());
    });

    test('is told nothing of who asks for what is for everybody, whatever the client claims', async () => {
      for (const headers of [[], cookieOf(phone)]) {
        const answer = await get('/public/', [...headers, 'Doorstep-Account', randomUUID(), 'Doorstep_Account', 'x']);
        expect(answer.status).toBe(200);
        const arrived = service.last();
        expect(told(arrived)).toEqual([[], [], []]);
        expect(JSON.stringify(arrived)).not.toContain('ses_');
      }
    });

    test('is sent nothing by who is not signed in', async () => {
      expect((await get('/api/', ['Doorstep-Account', randomUUID()])).status).toBe(401);
      expect(service.arrived).toEqual([]);
    });

    const device = (nth: number) => `doorstep-device-${String(nth).padStart(16, '0')}=dev_x.${nth}`;
    const between = (count: number) =>
      Array.from({ length: count }, (_, nth) => `p${nth}=v; ${device(nth)}`).join('; ');
    const products = (count: number) => Array.from({ length: count }, (_, nth) => `p${nth}=v`).join('; ');
    test.each<[string, string, string[]]>([
      ['alone', 'SESSION', []],
      ['first', 'SESSION; a=b; c=d', ['a=b; c=d']],
      ['last', 'a=b; c=d; SESSION', ['a=b; c=d']],
      ['in the middle', 'a=b; SESSION; c=d', ['a=b; c=d']],
      [
        'beside those of devices and challenges',
        `${device(1)}; SESSION; a=b; ${device(2)}; doorstep-challenge=x`,
        ['a=b'],
      ],
      ['beside those that https has', `__Host-doorstep-session=x; a=b; __Host-${device(3)}; SESSION`, ['a=b']],
      [
        'beside names like theirs',
        'a=doorstep-session=x; xdoorstep-session=y; doorstep=z; SESSION',
        ['a=doorstep-session=x; xdoorstep-session=y; doorstep=z'],
      ],
      ['without a space, or with many', 'a=b;SESSION;  \t doorstep-challenge=x;c=d', ['a=b;c=d']],
      ['each between two others', `${between(11)}; SESSION`, [products(11)]],
      ['in more places than a browser has', `${between(40)}; SESSION`, []],
    ])('is sent no cookie of ours where it stands %s', async (_where, written, expected) => {
      const [, session = ''] = cookieOf(phone);
      expect((await get('/api/', ['Cookie', written.replace('SESSION', session)])).status).toBe(200);
      const arrived = service.last();
      expect(valuesOf(arrived, 'cookie')).toEqual(expected);
      expect(JSON.stringify(arrived)).not.toMatch(/ses_|dev_/);
    });

    test('is sent no cookie of ours in a second header', async () => {
      const [, session = ''] = cookieOf(phone);
      await get('/api/', ['Cookie', 'a=b', 'Cookie', session, 'cookie', 'c=d']);
      const arrived = service.last();
      expect(valuesOf(arrived, 'cookie')).toEqual(['a=b; c=d']);
      expect(JSON.stringify(arrived)).not.toContain('ses_');
    });

    test('is sent no session in Authorization, and any other Authorization as it is', async () => {
      for (const scheme of ['Bearer', 'bearer', 'BEARER  ']) {
        await get('/api/', ['Authorization', `${scheme} ${phone.sessionToken}`]);
        const arrived = service.last();
        expect(valuesOf(arrived, 'authorization')).toEqual([]);
        expect(told(arrived)).toEqual(await ids());
      }
      await get('/api/', ['Authorization', 'Basic c2hvcDpzaG9w', ...cookieOf(phone)]);
      expect(valuesOf(service.last(), 'authorization')).toEqual(['Basic c2hvcDpzaG9w']);
    });

    test('is sent nothing where two places name different sessions', async () => {
      const other = await servers.signedUp();
      expect((await get('/api/', [...cookieOf(phone), 'Authorization', `Bearer ${other.sessionToken}`])).status).toBe(
        401,
      );
      expect(service.arrived).toEqual([]);
    });

    test('is sent a change with its body where a page of the site has made it, and no other', async () => {
      const post = (headers: RawHeaders) =>
        get('/api/', ['Content-Length', '5', ...cookieOf(phone), ...headers], { method: 'POST', body: 'hello' });
      const forged = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Host', 'evil.example', 'X_Forwarded_Method', 'GET'];
      for (const headers of [
        [],
        forged,
        ['Origin', 'http://evil.example'],
        [...forged, 'Origin', 'http://evil.example'],
        ['Origin', 'null'],
        ['Origin', 'https://localhost'],
        [...page, 'Origin', 'http://evil.example'],
      ]) {
        const answer = await post(headers);
        expect([headers, answer.status]).toEqual([headers, 401]);
        expect(answer.headers.location).toBeUndefined();
      }
      expect(service.arrived).toEqual([]);
      expect((await post(['Origin', site])).status).toBe(200);
      expect(service.last()).toMatchObject({ method: 'POST', url: '/api/', body: 'hello' });
    });
  });

  describe('a WebSocket', () => {
    const open = (headers: Record<string, string>) => {
      const socket = new WebSocket(`${site.replace('http', 'ws')}/api/live`, { headers });
      return socket.on('error', () => {});
    };
    const cookie = () => ({ cookie: cookieOf(phone)[1] ?? '' });

    test('of a page of the site opens, and the service knows whose it is', async () => {
      const socket = open({ ...cookie(), origin: site });
      await within(once(socket, 'open'), 'the socket');
      socket.send('hello');
      const [said] = await within(once(socket, 'message'), 'what is said back');
      expect(String(said)).toBe('hello');
      const arrived = service.last();
      expect(told(arrived)).toEqual(await ids());
      expect(JSON.stringify(arrived)).not.toContain('ses_');
      socket.terminate();
    });

    test('of a client that holds its token itself needs no page', async () => {
      const socket = open({ authorization: `Bearer ${phone.sessionToken}` });
      await within(once(socket, 'open'), 'the socket');
      expect(JSON.stringify(service.last())).not.toContain('ses_');
      socket.terminate();
    });

    test.each<[string, Record<string, string>]>([
      ['another origin', { origin: 'http://evil.example' }],
      ['another port', { origin: 'http://localhost:1' }],
      ['no origin', {}],
      ['no origin, with a forged method and scheme', { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'http' }],
    ])('of %s is 401, and the service never hears of it', async (_what, headers) => {
      const socket = open({ ...cookie(), ...headers });
      const [, answer] = await within(once(socket, 'unexpected-response'), 'the refusal');
      expect(answer.statusCode).toBe(401);
      socket.terminate();
      expect(service.arrived).toEqual([]);
    });
  });
});
