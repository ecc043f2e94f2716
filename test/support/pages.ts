import type { Page } from 'playwright-core';
import { type Site, screens } from './browser.js';
import type { Owner } from './handset.js';

/** A browser on one of the servers, in which a person reads and types. */
export async function visit({ browser, servers }: Site, { screen = 'laptop' as keyof typeof screens, nth = 0 } = {}) {
  return browser.open(servers.client(nth).url, screens[screen]);
}

/** Types address and password, and sends them. */
export async function enterPassword(page: Page, { email, password }: Owner): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
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

/** The code in the prompt that a page shows; waits for it. */
export async function promptedCode(page: Page): Promise<string> {
  const shown = await page.getByRole('alertdialog').getByRole('status').first().textContent();
  return (shown ?? '').replace(/\D/g, '');
}
