import type { Page } from 'playwright-core';
import { type Site, screens } from './browser.js';
import type { Handset, Owner } from './handset.js';

/** A browser on one of the servers, in which a person reads and types. */
export async function visit({ browser, servers }: Site, { screen = 'laptop' as keyof typeof screens, nth = 0 } = {}) {
  return browser.open(servers.client(nth).url, screens[screen]);
}

/** Types address and password, and sends them. */
export async function enterPassword(page: Page, { email, password }: Owner): Promise<void> {
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Types a code, which is sent with its last digit. */
export async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByLabel(/^Code/).fill(code);
}

/** Waits until the page is that of somebody who is signed in. */
export async function signedIn(page: Page): Promise<void> {
  await page.waitForURL('**/account');
  await page.getByRole('heading', { level: 1 }).waitFor();
}

/** A phone's browser that its account trusts; the handset is another trusted device, which is offline. */
export async function trustedPhone(site: Site, nth = 0): Promise<{ owner: Handset; phone: Page }> {
  const owner = await site.servers.trusted();
  const phone = await visit(site, { screen: 'phone', nth });
  await trustPhone(site, owner, phone);
  return { owner, phone };
}

/** Signs a browser in that shows the first page, and has it trusted. */
export async function trustPhone(site: Site, owner: Handset, phone: Page): Promise<void> {
  await enterPassword(phone, owner.owner);
  await phone.getByLabel(/^Code/).waitFor();
  await typeCode(
    phone,
    (await owner.viewer())?.loginRequests[0]?.code ?? (await site.servers.mailbox.code(owner.owner.email)),
  );
  await signedIn(phone);
}

/** A laptop that signs in on the other server and waits for its code. */
export async function askingLaptop(site: Site, { owner }: Handset): Promise<Page> {
  const laptop = await visit(site, { nth: 1 });
  await enterPassword(laptop, owner);
  await laptop.getByLabel(/^Code/).waitFor();
  return laptop;
}

/** The code in the prompt that a page shows; waits for it. */
export async function promptedCode(page: Page): Promise<string> {
  const shown = await page.getByRole('alertdialog').getByRole('status').first().textContent();
  return (shown ?? '').replace(/\D/g, '');
}
