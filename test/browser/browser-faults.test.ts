import { afterAll, expect, test } from '@jest/globals';
import type { Request, Route } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { MoodyMailServer } from '../support/moody-mail-server.js';
import {
  askingLaptop,
  enterPassword,
  promptedCode,
  signedIn,
  trustedPhone,
  typeCode,
  visit,
} from '../support/pages.js';

describeInBrowser('while a server is away, in browsers on it,', { count: 2 }, (site) => {
  test('pages say so, and when it is back they have what they missed and go on', async () => {
    const { owner, phone } = await trustedPhone(site, 1);
    const laptop = await askingLaptop(site, owner);
    await phone.getByRole('alertdialog').waitFor();
    const code = await promptedCode(phone);

    const { port } = new URL(site.servers.client(1).url);
    await site.servers.app(1).close();
    for (const page of [phone, laptop]) await page.getByText('Connection lost.').waitFor();
    await owner.another('Tablet').challenged();
    await site.servers.add({ api: true, worker: false }, { PORT: port, PUBLIC_URL: `http://localhost:${port}` });
    for (const page of [phone, laptop]) await page.getByText('Connection lost.').waitFor({ state: 'detached' });
    await phone.getByText('1 more sign-in is waiting.').waitFor();

    await typeCode(laptop, code);
    await signedIn(laptop);
    await phone.getByRole('alertdialog').getByText('Tablet').waitFor();
    expect(await phone.getByText('You’ve been signed out').count()).toBe(0);
  });

  test('what somebody types in an account stays there, also when the account cannot be read again', async () => {
    const owner = await site.servers.signedUp();
    const page = await visit(site);
    await page.clock.install();
    await enterPassword(page, owner.owner);
    await signedIn(page);
    await page.getByRole('link', { name: 'Password', exact: true }).click();
    const field = page.getByLabel('New password', { exact: true });
    await field.fill('velvet-harbour-57-kettle');
    const isOfViewer = (request: Request) => request.postDataJSON()?.operationName === 'Viewer';
    const staysWhile = async (
      fail: (route: Route) => Promise<void>,
      work: () => Promise<unknown>,
      over: Promise<unknown>,
    ) => {
      const failing = (route: Route) => (isOfViewer(route.request()) ? fail(route) : route.continue());
      await page.route('**/graphql', failing);
      await work();
      await over;
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))');
      expect(await field.inputValue()).toBe('velvet-harbour-57-kettle');
      await page.unroute('**/graphql', failing);
    };
    // What is shown of an account is read again whenever something happens to it.
    const happens = () => owner.another('Tablet').signIn();
    await staysWhile((route) => route.abort(), happens, page.waitForEvent('requestfailed', isOfViewer));
    // And after a while, where that has failed.
    const passes = () => page.clock.fastForward(5_000);
    const fault = {
      data: { settings: null, viewer: null },
      errors: [{ message: 'Something went wrong on our side.' }],
    };
    const answered = () => page.waitForEvent('requestfinished', isOfViewer);
    await staysWhile((route) => route.fulfill({ json: fault }), passes, answered());
    await staysWhile((route) => route.continue(), passes, answered());
  });
});

let moody: MoodyMailServer;

async function withMoodyMailServer() {
  moody = await MoodyMailServer.start();
  return { env: { SMTP_URL: moody.url } };
}

describeInBrowser('while the mail server refuses, in a browser,', withMoodyMailServer, (site) => {
  afterAll(() => moody[Symbol.asyncDispose]());

  test('whoever waits for a code is told that it is tried again, that it went, and that it never will', async () => {
    const { email } = newOwner();
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await typeCode(page, (await moody.taken(email)).code ?? '');
    await signedIn(page);

    moody.refuse(email, { command: 'RCPT TO', replyCode: 451, text: 'later' });
    await page.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await page.getByRole('button', { name: 'Send code' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The email can’t be sent right now (reply 451).').waitFor();
    await dialog.getByText(/^Email sent at/).waitFor();

    moody.refuse(email, { command: 'RCPT TO', replyCode: 550, text: 'never' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await page.getByRole('button', { name: 'Send code' }).click();
    await dialog.getByText('Your email provider rejected the email (reply 550).').waitFor();
  });
});
