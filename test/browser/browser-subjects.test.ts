import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Backend } from '../support/backend.js';
import { describeInBrowser, faultsInBothThemes } from '../support/browser.js';
import { type HandedOver, OPEN_PAGES } from '../support/hand-overs.js';
import type { Handset } from '../support/handset.js';
import { signedIn, typeCode, visit } from '../support/pages.js';
import {
  bringDueIntoForce,
  deleteSubject,
  heldFor,
  holdIsOver,
  putSubject,
  type Subject,
  signIn,
  someAddress,
  subjectOf,
  vetoCode,
} from '../support/subjects.js';
import { askFor, begun, start } from '../support/verifications.js';

// Whom a product holds: its app opens the pages, and nothing there asks for a password.

describeInBrowser('somebody whom a product holds', { count: 2 }, (site) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await Backend.add(site.servers, { name: 'Rosebud' });
  });

  /** The pages as an app opens them on a screen of its own. */
  async function opened(phone: Handset, screen: 'phone' | 'laptop' = 'phone'): Promise<Page> {
    const { hash } = new URL((await phone.ask<HandedOver>(OPEN_PAGES)).url);
    const page = await visit(site, { screen });
    await page.goto(new URL(`/hand-over${hash}`, page.url()).href);
    await page.getByRole('button', { name: 'Yes, continue' }).click();
    await signedIn(page);
    return page;
  }

  /** Another device of the same account, that it trusts. */
  async function another({ phone, accountId }: Subject, name: string, isTrusted = true): Promise<Handset> {
    const device = phone.another(name, site.servers.client(1));
    await signIn(site.servers, accountId, device, isTrusted);
    return device;
  }

  async function isClean(page: Page): Promise<void> {
    expect(await faultsInBothThemes(page)).toEqual([]);
  }

  test('sees devices, activity and help, and is asked for no password anywhere', async () => {
    const subject = await subjectOf(site.servers, backend);
    await another(subject, 'Tablet');
    const page = await opened(subject.phone, 'laptop');
    await page.getByText(subject.email).first().waitFor();
    const pages = page.getByRole('navigation', { name: 'Account' }).getByRole('link');
    expect(await pages.allTextContents()).toEqual(['Overview', 'Devices', 'Activity', 'Help']);
    await page.getByText('To turn it off, go to the app or website where you sign in.').waitFor();
    expect(await page.getByRole('switch').count()).toBe(0);
    await isClean(page);
    for (const name of ['Devices', 'Activity', 'Help']) {
      await pages.filter({ hasText: name }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.locator('input[type=password]').count()).toBe(0);
      expect(await page.locator('a[href*=password]').count()).toBe(0);
    }
    await page.goto(new URL('/account/password', page.url()).href);
    await page.getByRole('heading', { level: 1, name: 'Sign-in and security' }).waitFor();
    expect(await page.locator('input[type=password]').count()).toBe(0);

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByText('To come back to these pages, open them again from your app.').waitFor();
  });

  test('with two-step verification off is told where to turn it on', async () => {
    const { phone } = await subjectOf(site.servers, backend, { hasTwoStep: false });
    const page = await opened(phone);
    await page.getByText('To turn it on, go to the app or website where you sign in.').waitFor();
    expect(await page.getByRole('switch').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Turn on two-step verification' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await page.getByRole('heading', { name: 'Your devices' }).waitFor();
    expect(await page.getByRole('link', { name: 'Turn it on' }).count()).toBe(0);
  });

  test('is shown what is to be confirmed, and sign-ins, whose refusal leads to the devices', async () => {
    const subject = await subjectOf(site.servers, backend);
    const page = await opened(subject.phone);
    const tablet = await another(subject, 'Tablet');
    await askFor(site.servers, backend, tablet);
    await page.getByRole('alertdialog', { name: 'Rosebud asks you to confirm' }).waitFor();
    await page.getByRole('button', { name: 'Hide for now' }).click();
    const { accountId, externalId, email } = subject;
    const laptop = subject.phone.another('Laptop', site.servers.client(1));
    await begun(laptop, await start(site.servers, { backend, accountId, externalId, email }));
    await page.getByRole('alertdialog', { name: 'Are you trying to sign in?' }).waitFor();
    await page.getByRole('button', { name: 'This was not me' }).click();
    const denied = page.getByRole('alertdialog', { name: 'Sign-in blocked' });
    await denied.getByText('Change it now in the app or website where you sign in').waitFor();
    expect(await denied.getByRole('button', { name: 'Change password' }).count()).toBe(0);
    await denied.getByRole('button', { name: 'Go to devices' }).click();
    await page.waitForURL('**/account/devices');
  });

  test('proves the address that is to come, and it comes into force', async () => {
    const subject = await subjectOf(site.servers, backend);
    const email = someAddress();
    await putSubject(backend, { externalId: subject.externalId, email });
    const page = await opened(subject.phone);
    const card = page.getByRole('region', { name: 'Your email address is about to change' });
    await card.getByText(email).waitFor();
    await card.getByText('The new address takes effect in 24 hours at the earliest.').waitFor();
    await isClean(page);
    await card.getByRole('button', { name: 'Confirm the new address' }).click();
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await isClean(page);
    await typeCode(page, await site.servers.mailbox.code(email));
    await page.getByText('The new address is confirmed.').waitFor();
    await card.getByText('The new address takes effect in 24 hours at the earliest.').waitFor();
    expect(await card.getByRole('button', { name: 'Confirm the new address' }).count()).toBe(0);
    expect(await heldFor(subject)).toMatchObject([{ kind: 'ADDRESS', isProven: true }]);
    await holdIsOver(site.servers, subject.accountId);
    await bringDueIntoForce(site.servers);
    await page.reload();
    await page.getByText(email).first().waitFor();
    expect(await card.count()).toBe(0);
  });

  test('stops a change from a trusted device, once it was asked again', async () => {
    const subject = await subjectOf(site.servers, backend);
    await deleteSubject(backend, subject.externalId);
    const page = await opened(subject.phone);
    const card = page.getByRole('region', { name: 'Your account is about to be deleted' });
    await card.getByText('It will be deleted in 24 hours.').waitFor();
    await card.getByRole('button', { name: 'Stop the deletion' }).click();
    const sure = page.getByRole('alertdialog', { name: 'Stop this?' });
    await sure.getByText('Your account and its devices stay.').waitFor();
    await isClean(page);
    await sure.getByRole('button', { name: 'Stop the deletion' }).click();
    await page.getByText('Stopped. Nothing was changed.').waitFor();
    await card.waitFor({ state: 'detached' });
    expect(await heldFor(subject)).toEqual([]);
  });

  test('on a device that is not trusted is shown the way by the mailbox, and stops it there with the code', async () => {
    const subject = await subjectOf(site.servers, backend);
    await putSubject(backend, { externalId: subject.externalId, email: someAddress() });
    const page = await opened(await another(subject, 'Borrowed', false));
    const card = page.getByRole('region', { name: 'Your email address is about to change' });
    await card.getByText('To stop it, use a trusted device').waitFor();
    expect(await card.getByRole('button', { name: 'Stop this change' }).count()).toBe(0);
    await card.getByRole('link', { name: 'Stop it with the code' }).click();
    await page.getByRole('heading', { level: 1, name: 'Stop a change' }).waitFor();
    await page.getByLabel('Code from the email (20 digits)').fill(await vetoCode(site.servers, subject.email));
    await page.getByRole('button', { name: 'Stop the change' }).click();
    await page.getByRole('heading', { level: 1, name: 'Stopped' }).waitFor();
    expect(await heldFor(subject)).toEqual([]);
  });

  test('who is not signed in stops a change by address and code alone', async () => {
    const subject = await subjectOf(site.servers, backend);
    await putSubject(backend, { externalId: subject.externalId, email: someAddress() });
    const code = await vetoCode(site.servers, subject.email);
    const page = await visit(site, { screen: 'phone' });
    await page.goto(new URL('/stop-change', page.url()).href);
    await isClean(page);
    const submit = page.getByRole('button', { name: 'Stop the change' });
    await submit.click();
    await page.getByText('Enter your email address.').waitFor();
    await page.getByText('Enter all 20 digits of the code.').waitFor();
    await page.getByLabel('Email address').fill(subject.email);
    const field = page.getByLabel('Code from the email (20 digits)');
    await field.fill('1'.repeat(20));
    await submit.click();
    await page.getByText('This address and this code don’t stop anything.').waitFor();
    await isClean(page);
    // As it comes out of a mail, with words around it.
    await field.fill(`Your code to stop this:\n\n${code}\n`);
    await submit.click();
    await page.getByRole('heading', { level: 1, name: 'Stopped' }).waitFor();
    await page.getByText('Your email address stays as it is.').waitFor();
    await isClean(page);
    expect(await heldFor(subject)).toEqual([]);
  });
});
