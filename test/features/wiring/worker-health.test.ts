import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Process } from '../../support/processes.js';
import { backEnds, Servers } from '../../support/servers.js';
import { freePort } from '../../support/store.js';
import { until } from '../../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

const TOKEN = 'read-the-counters';

/** The status of a worker's answer, and its text. */
async function ask(port: number, path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: answer.status, text: await answer.text() };
}

async function becomes(port: number, path: string, status: number): Promise<void> {
  await until(async () => (await ask(port, path)).status === status, `${status} at ${path}`, 20_000);
}

describe.each(backEnds)('on $name', ({ redis }) => {
  let servers: Servers;
  let port: number;
  beforeEach(async () => {
    servers = await Servers.start({ redis, count: 0 });
    port = await freePort();
  });
  afterEach(() => servers[Symbol.asyncDispose]());

  test('a worker is ready while it can take jobs, and alive all along', async () => {
    await servers.add({ api: false, worker: true }, { WORKER_PORT: String(port) });
    await becomes(port, '/readyz', 200);
    await servers.database.away(async () => {
      await becomes(port, '/readyz', 503);
      expect((await ask(port, '/livez')).status).toBe(200);
    });
    await becomes(port, '/readyz', 200);
    if (!servers.redis) return;
    await servers.redis.kill();
    await becomes(port, '/readyz', 503);
    expect((await ask(port, '/livez')).status).toBe(200);
    await servers.redis.restart();
    await becomes(port, '/readyz', 200);
  });

  test('a worker that waits for its tables is alive and not ready', async () => {
    await servers.database.query('alter table mikro_orm_migrations rename to put_away');
    await using worker = await Process.launch('worker', servers.environment({ WORKER_PORT: String(port) }));
    await worker.logged('waiting for an API server to make the tables');
    expect((await ask(port, '/livez')).status).toBe(200);
    expect((await ask(port, '/readyz')).status).toBe(503);
    await servers.database.query('alter table put_away rename to mikro_orm_migrations');
    await becomes(port, '/readyz', 200);
    // The connections that it was asked on do not hold it up.
    expect(await worker.terminate()).toMatchObject({ code: 0 });
  });
});

test('a worker answers for its health and its counters, and for nothing else', async () => {
  await using servers = await Servers.start({ count: 0, env: { METRICS_TOKEN: TOKEN } });
  const port = await freePort();
  await servers.add({ api: false, worker: true }, { WORKER_PORT: String(port) });
  for (const path of ['/', '/graphql', '/playground', '/inbox']) expect((await ask(port, path)).status).toBe(404);
  const forwarded = { 'x-forwarded-for': '203.0.113.7' };
  expect((await ask(port, '/metrics', forwarded)).status).toBe(404);
  const { status, text } = await ask(port, '/metrics', { ...forwarded, authorization: `Bearer ${TOKEN}` });
  expect(status).toBe(200);
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).not.toContain('doorstep_sockets');
});

test('a worker without WORKER_PORT listens nowhere', async () => {
  await using servers = await Servers.start({ count: 0 });
  await using worker = await Process.worker(servers.environment());
  await expect(fetch(worker.url)).rejects.toThrow('fetch failed');
  expect(worker.log.filter((line) => line.includes('listening'))).toEqual([]);
});
