import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { enterPassword, signedIn, typeCode, visit } from '../support/pages.js';
import { until } from '../support/waiting.js';

describeInBrowser('somebody who comes back to where a code is waited for', {}, (site) => {
  /** Types address and password of a new account: the page waits for the code. */
  async function signUp(page: Page) {
    const { email } = newOwner();
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel(/^Code/).waitFor();
    return { email };
  }

  const kept = (page: Page) => page.evaluate<string | null>("sessionStorage.getItem('doorstep-challenge')");

  test('by a reload, or by the address, goes on signing up with the code that was mailed', async () => {
    const page = await visit(site, { screen: 'phone' });
    const { email } = await signUp(page);
    await page.reload();
    await page.getByLabel(/^Code/).waitFor();
    expect(await kept(page)).toContain(email);
    expect(await kept(page)).not.toMatch(new RegExp(`ses_|dev_|${PASSWORD}`));
    await page.goto(page.url());
    await page.getByText('Expires in').waitFor();
    await typeCode(page, await site.servers.mailbox.code(email));
    await signedIn(page);
    expect(await kept(page)).toBeNull();
  });

  test('by a reload goes on with the reset of a password', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByLabel('Email address').fill(owner.email);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await page.reload();
    await page.getByLabel(/^Code/).fill(await site.servers.mailbox.code(owner.email));
    await page.getByLabel('New password').fill('velvet-harbour-57-kettle');
    await page.getByRole('button', { name: 'Set new password' }).click();
    await page.getByText('Your password has been reset').waitFor();
    expect(await kept(page)).toBeNull();
  });

  test('finds the form one step back, and one step forward: the code is given up', async () => {
    const phone = await site.servers.trusted();
    const { owner } = phone;
    const page = await visit(site);
    await enterPassword(page, owner);
    await page.getByLabel(/^Code/).waitFor();
    await page.reload();
    await page.getByLabel(/^Code/).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByLabel('Email address').inputValue()).toBe(owner.email);
    await until(async () => (await phone.viewer())?.loginRequests.length === 0, 'the end of the request');
    expect(await kept(page)).toBeNull();
    await page.goForward();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByLabel(/^Code/).count()).toBe(0);
  });

  test.each<[string, (page: Page) => Promise<unknown>]>([
    ['Back on the page', (page) => page.getByRole('button', { name: 'Back', exact: true }).click()],
    ['a link to another page', (page) => page.getByRole('link', { name: 'About two-step verification' }).click()],
    ['the link to the start', (page) => page.getByRole('link', { name: 'Doorstep' }).click()],
  ])('gives the code up by %s, and then only the prompt of the next sign-in is there', async (_way, leave) => {
    const phone = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, phone.owner);
    await page.getByLabel(/^Code/).waitFor();
    const [first] = (await phone.viewer())?.loginRequests ?? [];
    await leave(page);
    await until(async () => (await phone.viewer())?.loginRequests.length === 0, 'the end of the request');
    await page.goto(site.servers.client().url);
    await enterPassword(page, phone.owner);
    await page.getByLabel(/^Code/).waitFor();
    const requests = (await phone.viewer())?.loginRequests ?? [];
    expect(requests).toHaveLength(1);
    expect(requests[0]?.id).not.toBe(first?.id);
    await typeCode(page, requests[0]?.code ?? '');
    await signedIn(page);
  });

  test('keeps the code while a page is loaded again, and gives a set-up up with its dialog', async () => {
    const phone = await site.servers.signedUp();
    const page = await visit(site);
    await enterPassword(page, phone.owner);
    await signedIn(page);
    await page.getByRole('button', { name: 'Turn on two-step verification' }).click();
    const cancelled = page.waitForResponse(
      (response) => response.request().postDataJSON()?.operationName === 'CancelChallenge',
    );
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect((await (await cancelled).json()).data.cancelChallenge.state).toBe('CANCELLED');
  });

  test('finds the form after giving the code up, and nothing is kept', async () => {
    const page = await visit(site);
    await signUp(page);
    await page.getByRole('button', { name: 'Use a different email address' }).click();
    await page.getByRole('heading', { name: 'Create your account' }).waitFor();
    expect(await kept(page)).toBeNull();
    await page.reload();
    await page.getByRole('heading', { name: 'Create your account' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('finds the form once the code is good for nothing', async () => {
    const page = await visit(site);
    const { email } = await signUp(page);
    await site.servers.database.age('challenge', '11 minutes', 'email = $1', [email]);
    await page.reload();
    await page.getByRole('heading', { name: 'Create your account' }).waitFor();
    expect(await kept(page)).toBeNull();
  });
});
