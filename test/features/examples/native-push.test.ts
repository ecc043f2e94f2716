import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { projectRoot } from '../../../src/config/project.js';
import { Backend, sessionOf } from '../../support/backend.js';
import type { Handset } from '../../support/handset.js';
import { asA, promptId } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';
import { programsIn, Terminal } from '../../support/terminal.js';
import { until } from '../../support/waiting.js';

// docs/native-push.md: its programs, word for word, between Doorstep and services that take pushes as Google's and Apple's
// do; their addresses are those of the test.

const programs = programsIn('docs/native-push.md');

/** A push as a service has received it. */
interface Push {
  readonly service: 'FCM' | 'APNS';
  readonly token: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
}

let servers: Servers;
let folder: string;
let fcm: Server;
let apns: Http2Server;
let terminal: Terminal;
const pushes: Push[] = [];
/** What an app asked for a token for. */
const assertions: string[] = [];
const gone = new Set<string>();

async function listening(server: Server | Http2Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

beforeAll(async () => {
  servers = await Servers.start();
  fcm = createHttp(async (request, response) => {
    const text = await textOf(request);
    response.setHeader('content-type', 'application/json');
    if (request.url === '/token') {
      assertions.push(new URLSearchParams(text).get('assertion') ?? '');
      response.end(JSON.stringify({ access_token: 'ya29.test', expires_in: 3599, token_type: 'Bearer' }));
      return;
    }
    const { message } = JSON.parse(text);
    pushes.push({
      service: 'FCM',
      token: message.token,
      headers: { ...request.headers, path: request.url },
      body: message,
    });
    if (!gone.has(message.token)) return void response.end(JSON.stringify({ name: 'projects/shop/messages/1' }));
    const details = [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'UNREGISTERED' }];
    response.statusCode = 404;
    response.end(JSON.stringify({ error: { code: 404, status: 'NOT_FOUND', message: 'not found', details } }));
  });
  apns = createHttp2(async (request, response) => {
    const token = request.url.replace('/3/device/', '');
    pushes.push({ service: 'APNS', token, headers: request.headers, body: JSON.parse(await textOf(request)) });
    response.statusCode = gone.has(token) ? 410 : 200;
    response.end(gone.has(token) ? JSON.stringify({ reason: 'Unregistered', timestamp: 1 }) : '');
  });
  const [fcmUrl, apnsUrl] = [await listening(fcm), await listening(apns)];
  folder = mkdtempSync(path.join(tmpdir(), 'doorstep-push-'));
  mkdirSync(path.join(folder, 'node_modules', '@doorstep'), { recursive: true });
  for (const name of ['jose', '@doorstep/server']) {
    symlinkSync(path.join(projectRoot, 'node_modules', name), path.join(folder, 'node_modules', name), 'junction');
  }
  const shop = await Backend.add(servers, { ownAccounts: true, scopes: ['events'] });
  const google = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const apple = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (key: typeof google.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const files = {
    ...Object.fromEntries(programs),
    'package.json': '{ "type": "module" }',
    'doorstep-key': `${shop.key}\n`,
    'apns-key.p8': pem(apple.privateKey),
    'service-account.json': JSON.stringify({
      ...{ type: 'service_account', project_id: 'shop', client_email: 'push@shop.iam.gserviceaccount.com' },
      ...{ private_key: pem(google.privateKey), token_uri: `${fcmUrl}/token` },
    }),
    // What the reader's own program does: it is told of tokens, here on its standard input.
    'main.js': `import { createInterface } from 'node:readline';
      import * as pushTokens from './push-tokens.js';
      import { wakeDevices } from './wake.js';
      void wakeDevices(new AbortController().signal);
      for await (const line of createInterface({ input: process.stdin })) {
        const [deviceId, service, token] = line.split(' ');
        if (service) pushTokens.keep(deviceId, service, token);
        console.log(JSON.stringify(pushTokens.of(deviceId)));
      }`,
  };
  const addresses = [
    ['http://localhost:4000', servers.client().url],
    ['https://fcm.googleapis.com', fcmUrl],
    ['https://api.push.apple.com', apnsUrl],
  ] as const;
  for (const [name, text] of Object.entries(files)) {
    const here = addresses.reduce((replaced, [from, to]) => replaced.replaceAll(from, to), text);
    writeFileSync(path.join(folder, name), here);
  }
  const env = { APNS_KEY_ID: 'ABC123DEFG', APNS_TEAM_ID: 'DEF123GHIJ', APNS_TOPIC: 'example.shop' };
  terminal = Terminal.run(`exec ${process.execPath} main.js`, folder, env);
});
afterAll(async () => {
  await terminal[Symbol.asyncDispose]();
  fcm.close();
  apns.close();
  rmSync(folder, { recursive: true, force: true });
  await servers[Symbol.asyncDispose]();
});

/** The app on a trusted device has told its backend of a token. */
async function hasApp(phone: Handset, service: Push['service']): Promise<string> {
  const token = randomUUID();
  const { deviceId } = await sessionOf(servers, phone);
  terminal.type(`${deviceId} ${service} ${token}`);
  await terminal.says(token);
  return token;
}

const pushesTo = (token: string) => pushes.filter((push) => push.token === token);
const arrived = async (token: string, count: number) => {
  await until(() => pushesTo(token).length >= count, `${count} pushes`);
  return pushesTo(token);
};

test('wakes each device that may show a code by its own service, and takes it down', async () => {
  const phone = await servers.trusted();
  const tablet = phone.another('Tablet');
  asA(
    'SignedIn',
    await tablet.verify(await tablet.challenged(), (await phone.viewer())?.loginRequests[0]?.code ?? '', true),
  );
  const [android, apple] = [await hasApp(phone, 'FCM'), await hasApp(tablet, 'APNS')];
  const challenge = await phone.another('Laptop').challenged();
  const id = promptId(challenge);
  const code = (await phone.viewer())?.loginRequests[0]?.code ?? '';
  expect(code).toMatch(/^\d{6}$/);
  const [shown] = await arrived(android, 1);
  expect(shown?.body).toEqual({
    token: android,
    data: { id, kind: 'LOGIN' },
    android: { priority: 'HIGH', ttl: expect.stringMatching(/^(600|59\d)s$/), collapse_key: id },
  });
  expect(shown?.headers).toMatchObject({ authorization: 'Bearer ya29.test', path: '/v1/projects/shop/messages:send' });
  const [alert] = await arrived(apple, 1);
  expect(alert?.body).toEqual({
    aps: { alert: { title: 'Sign-in', body: 'A code waits for you.' }, sound: 'default', 'mutable-content': 1 },
    ...{ id, kind: 'LOGIN' },
  });
  expect(alert?.headers).toMatchObject({ 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-collapse-id': id });
  expect(alert?.headers).toMatchObject({ 'apns-topic': 'example.shop' });
  await phone.deny({ id });
  expect((await arrived(android, 2))[1]?.body).toMatchObject({ data: { id, kind: 'LOGIN' } });
  const [, background] = await arrived(apple, 2);
  expect(background?.body).toEqual({ aps: { 'content-available': 1 }, id, kind: 'LOGIN' });
  expect(background?.headers).toMatchObject({ 'apns-push-type': 'background', 'apns-priority': '5' });
  expect(JSON.stringify(pushes)).not.toContain(code);
  saysWhoTheyAreOf(alert);
});

/** How the backend shows Apple and Google that it may send. */
function saysWhoTheyAreOf(alert: Push | undefined): void {
  const provider = String(alert?.headers.authorization).replace('bearer ', '');
  expect(decodeProtectedHeader(provider)).toEqual({ alg: 'ES256', kid: 'ABC123DEFG' });
  expect(decodeJwt(provider)).toEqual({ iss: 'DEF123GHIJ', iat: expect.any(Number) });
  const [assertion = ''] = assertions;
  expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'RS256' });
  expect(decodeJwt(assertion)).toMatchObject({
    iss: 'push@shop.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
  });
  // One token for all that is sent.
  expect(assertions).toHaveLength(1);
}

test.each(['FCM', 'APNS'] as const)('forgets an app that is gone from its device: %s', async (service) => {
  const phone = await servers.trusted();
  const token = await hasApp(phone, service);
  gone.add(token);
  const { deviceId } = await sessionOf(servers, phone);
  await phone.another('Laptop').challenged();
  await arrived(token, 1);
  await until(async () => {
    terminal.type(deviceId);
    return /null\n$/.test(await terminal.says('null'));
  }, 'a token that is forgotten');
  await phone.another('Desktop').challenged();
  const other = await servers.trusted();
  const stillThere = await hasApp(other, service);
  await other.another('Laptop').challenged();
  await arrived(stillThere, 1);
  expect(pushesTo(token)).toHaveLength(1);
});
