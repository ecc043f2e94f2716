import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cookieOf, sendRaw } from '../../support/proxy-question.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({
    env: { RETURN_ORIGINS: 'http://localhost:8080', PUBLIC_URL: 'http://localhost:4000/auth' },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

test('below a base path the question is the same', async () => {
  const phone = await servers.signedUp();
  const { origin } = new URL(servers.client().url);
  const said = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'localhost:8080'];
  const upgrade = [
    'Connection',
    'Upgrade',
    'Upgrade',
    'websocket',
    'Sec-WebSocket-Key',
    'a2V5',
    'Origin',
    'http://localhost:8080',
  ];
  for (const path of ['/auth/forward-auth', '/forward-auth']) {
    expect((await sendRaw(`${origin}${path}`, [...said, ...cookieOf(phone)])).status).toBe(204);
    expect((await sendRaw(`${origin}${path}`, [...said, ...upgrade, ...cookieOf(phone)])).status).toBe(204);
    const led = await sendRaw(`${origin}${path}?redirect=1`, [
      ...said,
      'Accept',
      'text/html',
      'X-Forwarded-Uri',
      '/a?b',
    ]);
    expect([led.status, led.headers.location]).toEqual([
      302,
      'http://localhost:4000/auth/?return_to=http%3A%2F%2Flocalhost%3A8080%2Fa%3Fb',
    ]);
  }
});
