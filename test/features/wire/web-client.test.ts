import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import { Servers } from '../../support/servers.js';

const built = path.join(projectRoot, 'dist-web');

/** A name that has to be escaped wherever it stands. */
const PRODUCT = 'Acme & "Sons"';

interface Icon {
  readonly src: string;
  readonly sizes: string;
  readonly type: string;
  readonly purpose?: string;
}

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({ worker: false, env: { PLAYGROUND: 'off', PRODUCT_NAME: PRODUCT } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** As it is answered: what it names stands at the root, whatever the depth of the page. */
const asServed = () =>
  readFileSync(path.join(built, 'index.html'), 'utf8')
    .replaceAll('"./', '"/')
    .replaceAll('Doorstep', 'Acme &amp; &quot;Sons&quot;');

const get = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${servers.client().url}${url}`, { headers, redirect: 'manual' });

describe('the web client', () => {
  test.each(['/', '/sign-up', '/sign-up/', '/reset-password', '/about/', '/account', '/account/devices', '/hand-over'])(
    'is the same document at %s, asked for each time',
    async (url) => {
      const response = await get(url);
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(await response.text()).toBe(asServed());
    },
  );

  test('answers for its own pages alone', async () => {
    const statuses = await Promise.all(
      ['/nowhere', '/assets/nothing.js', '/assets/../package.json', '/assets/..%2findex.html', '/.built-from'].map(
        async (url) => (await get(url)).status,
      ),
    );
    expect(statuses).toEqual([404, 404, 404, 404, 404]);
  });

  test('shows a person whose address names nothing its own page, and tells a program so in JSON', async () => {
    const page = await get('/Nowhere', { accept: 'text/html,*/*;q=0.8' });
    expect([page.status, page.headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect(await page.text()).toBe(asServed());
    const answer = await get('/Nowhere', { accept: '*/*' });
    expect([answer.status, await answer.json()]).toEqual([404, { errors: [{ message: 'There is nothing here.' }] }]);
  });

  test('may run and ask nothing but what comes from this server, and writes no style or script of its own', async () => {
    const response = await get('/');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/);
  });

  test('has files that a browser keeps for good, since what changes has another name', async () => {
    const html = await (await get('/')).text();
    const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, url]) => url ?? '');
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const url of named) {
      expect(url).toMatch(/-[\w-]{8}\.(js|css|svg|png)$/);
      const response = await get(url);
      expect([url, response.status]).toEqual([url, 200]);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('is an app that browsers install under the name of the product, with icons that are there', async () => {
    const html = await (await get('/')).text();
    const [, address = ''] = /<link rel="manifest"\s+href="([^"]+)"/.exec(html) ?? [];
    const response = await get(address);
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'application/manifest+json; charset=utf-8',
      'no-store',
    ]);
    expect(response.headers.get('content-security-policy')).toContain("manifest-src 'self'");
    const { icons, ...manifest } = JSON.parse(await response.text());
    expect(manifest).toMatchObject({ name: PRODUCT, short_name: PRODUCT, scope: './', display: 'standalone' });
    expect(icons.map(({ sizes, purpose }: Icon) => [sizes, purpose])).toEqual([
      ['192x192', undefined],
      ['512x512', undefined],
      ['512x512', 'maskable'],
    ]);
    for (const { src, type } of icons as Icon[]) {
      const icon = await get(`/${src}`);
      expect([src, icon.status, icon.headers.get('content-type')]).toEqual([src, 200, type]);
    }
  });

  test('has one service worker, asked for each time, which fetches no script and may ask this server alone', async () => {
    const response = await get('/service-worker.js');
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(response.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'");
    const script = await response.text();
    expect(script).not.toMatch(/\bimport\b|importScripts|caches\b/);
    for (const [, image] of script.matchAll(/"?(assets\/[^"`']+\.png)/g))
      expect((await get(`/${image}`)).status).toBe(200);
    expect((await get('/service-worker.js.br')).status).toBe(404);
  });

  test('brings less than 200 KiB of compressed script before its first page is shown', async () => {
    const html = await (await get('/')).text();
    const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, url]) => url ?? '');
    const bytes = await Promise.all(
      scripts.map(async (url) => (await get(url, { 'accept-encoding': 'gzip' })).headers.get('content-length')),
    );
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes.reduce((sum, length) => sum + Number(length), 0)).toBeLessThan(200 * 1024);
  });

  test('comes compressed to whoever takes it so, and as it is to others', async () => {
    const script = readdirSync(path.join(built, 'assets')).find((name) =>
      existsSync(path.join(built, 'assets', `${name}.br`)),
    );
    const encodings = await Promise.all(
      ['br', 'gzip', 'identity'].map(async (encoding) => {
        const response = await get(`/assets/${script}`, { 'accept-encoding': encoding });
        return response.headers.get('content-encoding');
      }),
    );
    expect(encodings).toEqual(['br', 'gzip', null]);
  });
});

describe('the document', () => {
  const toolsIn = async (url: string, headers: Record<string, string> = {}) => {
    const html = await (await fetch(url, { headers })).text();
    return /<meta name="development-tools" content="([^"]*)"/.exec(html)?.[1] ?? null;
  };

  test('names the inbox and the playground to whoever works on this machine, and to nobody else', async () => {
    await using developed = await Servers.start({ pages: true, worker: false });
    const { url } = developed.client();
    expect(await toolsIn(url)).toBe('/inbox /playground');
    expect(await toolsIn(url, { 'x-forwarded-for': '203.0.113.7' })).toBeNull();
  });
});
