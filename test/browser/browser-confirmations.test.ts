import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Backend } from '../support/backend.js';
import { accessibilityFaults, describeInBrowser } from '../support/browser.js';
import { Confirming, transfer } from '../support/confirmations.js';
import type { Handset } from '../support/handset.js';
import { letIn } from '../support/owner.js';
import { promptedCode, trustedPhone } from '../support/pages.js';

describeInBrowser('what is to be confirmed, on the page of a trusted device,', { count: 2 }, (site) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await Backend.add(site.servers, { ownAccounts: true, name: 'Rosebud & Sons' });
  });

  /** A page that its account trusts, and a tablet that asks for things. */
  async function phoneAndTablet(): Promise<{ owner: Handset; phone: Page; tablet: Handset }> {
    const { owner, phone } = await trustedPhone(site);
    const tablet = owner.another('Tablet', site.servers.client(1));
    await letIn(owner, tablet);
    // The tablet's own sign-in was shown there as well.
    await phone.getByText('“Tablet” is signed in.').waitFor();
    return { owner, phone, tablet };
  }

  const asked = (page: Page) => page.getByRole('alertdialog', { name: 'Rosebud & Sons asks you to confirm' });

  test('is shown word for word with who asks and its code, in both themes, and goes when it is over', async () => {
    await using shop = await Confirming.by(site.servers, backend);
    const { phone, tablet } = await phoneAndTablet();
    const { challengeId, token } = await shop.ask(tablet);
    await asked(phone).waitFor();
    for (const part of [transfer.title, ...transfer.fields.flatMap(({ label, value }) => [label, value])]) {
      await asked(phone).getByText(part, { exact: true }).waitFor();
    }
    await asked(phone).getByText('Tablet', { exact: true }).waitFor();
    expect(await promptedCode(phone)).toMatch(/^\d{8}$/);
    expect(await phone.title()).toBe('1 request is waiting to be confirmed · Doorstep');
    expect((await tablet.challenge({ token })).deliveries[0]).toMatchObject({ state: 'SEEN' });
    for (const colorScheme of ['light', 'dark'] as const) {
      await phone.emulateMedia({ colorScheme });
      expect(await accessibilityFaults(phone)).toEqual([]);
    }
    await site.servers.database.age('challenge', '11 minutes', 'id = $1', [challengeId]);
    await shop.ask(tablet, { action: { title: 'Another', fields: [] } });
    await phone.getByText('The code for the request from Rosebud & Sons has expired.').waitFor();
    await asked(phone).getByText('Another', { exact: true }).waitFor();
  });

  test('is refused there, and says what to do now', async () => {
    await using shop = await Confirming.by(site.servers, backend);
    const { phone, tablet } = await phoneAndTablet();
    const { token } = await shop.ask(tablet);
    await asked(phone).getByRole('button', { name: 'I did not ask for this' }).click();
    const refused = phone.getByRole('alertdialog', { name: 'Request refused' });
    await refused.getByText('Someone may be using your account on “Tablet”.').waitFor();
    expect(await tablet.challenge({ token })).toMatchObject({ state: 'DENIED' });
    expect(await accessibilityFaults(phone)).toEqual([]);
    await refused.getByRole('button', { name: 'Go to devices' }).click();
    await phone.waitForURL('**/account/devices');
    await phone.goto(new URL('/account/activity', phone.url()).href);
    await phone.getByText('You refused a request from Tablet').first().waitFor();
  });

  test('waits behind a sign-in, so that no two codes are in sight, and where it was put aside', async () => {
    await using shop = await Confirming.by(site.servers, backend);
    const { owner, phone, tablet } = await phoneAndTablet();
    await owner.another('Laptop', site.servers.client(1)).challenged();
    const signIn = phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' });
    await signIn.waitFor();
    await shop.ask(tablet);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await asked(phone).waitFor();
    expect(await signIn.count()).toBe(0);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    const confirmations = phone.getByRole('button', { name: '1 request is waiting to be confirmed' });
    const signIns = phone.getByRole('button', { name: '1 sign-in is waiting for a code' });
    await signIns.waitFor();
    await confirmations.click();
    await asked(phone).waitFor();
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await signIns.click();
    await signIn.waitFor();
    expect(await asked(phone).count()).toBe(0);
  });

  test('is never on the page of the browser that asks', async () => {
    await using shop = await Confirming.by(site.servers, backend);
    const { owner, phone } = await phoneAndTablet();
    const { id } = await site.servers.database.row<{ id: string }>(
      `select d.id from device d join account a on a.id = d.account_id where a.email = $1 and d.name like 'Chrome%'`,
      [owner.owner.email],
    );
    const browser = owner.twin();
    await site.servers.database.query(
      `update session set device_id = $1 where token_hash = sha256(convert_to($2, 'UTF8'))`,
      [id, browser.sessionToken],
    );
    await shop.ask(browser);
    // What comes after it is there: it would have been before.
    await owner.another('Laptop', site.servers.client(1)).challenged();
    await phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' }).waitFor();
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('button', { name: '1 sign-in is waiting for a code' }).waitFor();
    expect(await asked(phone).count()).toBe(0);
    expect(await phone.getByText('waiting to be confirmed').count()).toBe(0);
  });

  test('fits the screen however long it is, each part in its own direction', async () => {
    await using shop = await Confirming.by(site.servers, backend);
    const { phone, tablet } = await phoneAndTablet();
    await phone.setViewportSize({ width: 320, height: 640 });
    await shop.ask(tablet, {
      action: {
        title: '\ufdfd'.repeat(80),
        fields: [
          { label: 'סכום', value: '250.00 ₪ — دفع' },
          { label: 'W'.repeat(32), value: 'W'.repeat(64) },
        ],
      },
    });
    await asked(phone).waitFor();
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(320);
    const directions = await phone.evaluate<string[]>(
      "[...document.querySelectorAll('[role=alertdialog] dt, [role=alertdialog] dd')].map((part) => getComputedStyle(part).direction)",
    );
    expect(directions.slice(0, 4)).toEqual(['rtl', 'rtl', 'ltr', 'ltr']);
    await asked(phone).getByRole('button', { name: 'I did not ask for this' }).click();
    await phone.getByRole('alertdialog', { name: 'Request refused' }).waitFor();
  });
});
