import { afterAll, expect, test } from '@jest/globals';
import { sessionOf } from '../support/backend.js';
import { describeInBrowser } from '../support/browser.js';
import { type NginxSite, startNginx } from '../support/nginx.js';
import { enterPassword } from '../support/pages.js';
import { RecordingService, valuesOf } from '../support/recording-service.js';
import { freePort } from '../support/store.js';

// A real nginx with examples/nginx-static, and a person in front of it.

let port: number;
let nginx: NginxSite;
let service: RecordingService;
afterAll(async () => {
  await nginx?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
});

const setUp = async () => {
  port = await freePort();
  return { env: { RETURN_ORIGINS: `http://localhost:${port}` } };
};

describeInBrowser('somebody who opens a page behind nginx', setUp, (site) => {
  test('signs in, is back at that page, and may use it until the session ends', async () => {
    service = await RecordingService.start();
    const { port: doorstep } = new URL(site.servers.client().url);
    nginx = await startNginx({ site: port, doorstep: Number(doorstep), product: service.port });
    const phone = await site.servers.signedUp();
    const page = await site.browser.open(`${nginx.url}/index.html?x=1&y=%26`);
    expect(new URL(page.url()).port).toBe(doorstep);
    await enterPassword(page, phone.owner);
    await page.waitForURL(`${nginx.url}/index.html?x=1&y=%26`);
    const { accountId } = await sessionOf(site.servers, phone);
    expect(await page.content()).toContain(accountId);
    expect(await page.evaluate("fetch('/api/', { method: 'POST', body: 'hello' }).then(({ status }) => status)")).toBe(
      200,
    );
    const arrived = service.last();
    expect(valuesOf(arrived, 'doorstep-account')).toEqual([accountId]);
    expect(JSON.stringify(arrived)).not.toMatch(/ses_|dev_/);
    expect(
      await page.evaluate(`new Promise((resolve) => {
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/api/live');
        socket.onopen = () => socket.send('hello');
        socket.onmessage = ({ data }) => resolve(data);
        socket.onclose = () => resolve('closed');
      })`),
    ).toBe('hello');
    await site.servers.database.query('update session set ended_at = clock_timestamp()');
    await page.reload();
    await page.waitForURL((url) => url.port === doorstep);
    await page.getByLabel('Email address').waitFor();
  });
});
