import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Servers } from '../../support/servers.js';

const TOKEN = 'read-the-counters';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({ worker: false, env: { METRICS_TOKEN: TOKEN } });
});
afterAll(() => servers[Symbol.asyncDispose]());

function metrics(headers: Record<string, string>): Promise<Response> {
  return fetch(`${servers.client().url}/metrics`, { headers });
}

test('metrics name routes by their patterns, never by what a client sent', async () => {
  await fetch(`${servers.client().url}/no-such-page-of-somebody`);
  const text = await (await metrics({ authorization: `Bearer ${TOKEN}` })).text();
  expect(text).toContain('http_request_duration_seconds_count{method="GET",route="unknown",status="404"} 1');
  expect(text).toContain('doorstep_sockets 0');
  expect(text).not.toContain('somebody');
});

test('metrics count people, so a request through a proxy needs the token', async () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.7' };
  expect((await metrics(forwarded)).status).toBe(404);
  expect((await metrics({ ...forwarded, authorization: 'Bearer another' })).status).toBe(404);
  expect((await metrics({ ...forwarded, authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  expect((await metrics({})).status).toBe(200);
});
