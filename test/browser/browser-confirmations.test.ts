import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Backend } from '../support/backend.js';
import { accessibilityFaults, describeInBrowser, faultsInBothThemes } from '../support/browser.js';
import { transfer } from '../support/confirmations.js';
import { letIn } from '../support/owner.js';
import { promptedCode, trustedPhone } from '../support/pages.js';
import { ServiceWorker } from '../support/service-worker.js';
import { askFor } from '../support/verifications.js';
import { until } from '../support/waiting.js';

describeInBrowser('what is to be confirmed, on the page of a trusted device,', { count: 2 }, (site) => {
  let shop: Backend;
  beforeAll(async () => {
    shop = await Backend.add(site.servers, { ownAccounts: true, name: 'Rosebud & Sons' });
  });

  const signIn = (page: Page) => page.getByRole('alertdialog', { name: 'Are you trying to sign in?' });
  const asked = (page: Page) => page.getByRole('alertdialog', { name: 'Rosebud & Sons asks you to confirm' });

  test('is shown word for word with who asks and its code, and that is told', async () => {
    const { owner, phone } = await trustedPhone(site);
    const { token } = await askFor(site.servers, shop, owner, { action: transfer });
    await asked(phone).waitFor();
    for (const part of [transfer.title, ...transfer.fields.flatMap(({ label, value }) => [label, value])]) {
      await asked(phone).getByText(part, { exact: true }).waitFor();
    }
    await asked(phone).getByText('Phone', { exact: true }).waitFor();
    expect(await promptedCode(phone)).toMatch(/^\d{8}$/);
    expect(await phone.title()).toBe('1 request is waiting to be confirmed · Doorstep');
    await until(async () => (await owner.challenge({ token })).deliveries[0]?.state === 'SEEN', 'that it is told');
  });

  test('is clean in both themes', async () => {
    const { owner, phone } = await trustedPhone(site);
    await askFor(site.servers, shop, owner);
    await asked(phone).waitFor();
    expect(await faultsInBothThemes(phone)).toEqual([]);
  });

  test('goes when its time is over, and the next one is shown', async () => {
    const { owner, phone } = await trustedPhone(site);
    const { challengeId } = await askFor(site.servers, shop, owner);
    await asked(phone).waitFor();
    await site.servers.database.age('challenge', '11 minutes', 'id = $1', [challengeId]);
    await askFor(site.servers, shop, owner, { action: { title: 'Another', fields: [] } });
    await phone.getByText('The code for the request from Rosebud & Sons has expired.').waitFor();
    await asked(phone).getByText('Another', { exact: true }).waitFor();
  });

  test('is told by a push with neither what is asked nor the code, and then with how it ended', async () => {
    const { owner, phone } = await trustedPhone(site);
    const tablet = owner.another('Tablet', site.servers.client(1));
    await letIn(owner, tablet);
    const worker = await ServiceWorker.of(phone);
    await phone.goto(`${site.servers.client().url}/livez`);
    const { challengeId, token } = await askFor(site.servers, shop, tablet);
    const push = { id: `cnf_${challengeId}`, kind: 'CONFIRMATION' };
    await worker.push(push);
    expect(await worker.see(push.id)).toMatchObject({
      title: 'Rosebud & Sons asks you to confirm',
      body: '“Tablet” · Private network\nOpen Doorstep to see what is asked, and the code.',
      actions: [],
    });
    await until(
      async () => (await tablet.challenge({ token })).deliveries.some(({ state }) => state === 'SEEN'),
      'the acknowledgement',
    );
    await owner.ask('mutation ($id: ID!) { denyConfirmation(id: $id) { id } }', { id: push.id });
    await worker.push(push);
    const over = await worker.see(push.id, ({ silent }) => silent === true);
    expect(over.body).toBe('The request from Rosebud & Sons was refused.');
  });

  test('is refused there, and says what to do now', async () => {
    const { owner, phone } = await trustedPhone(site);
    const { token } = await askFor(site.servers, shop, owner);
    await asked(phone).getByRole('button', { name: 'I did not ask for this' }).click();
    const refused = phone.getByRole('alertdialog', { name: 'Request refused' });
    await refused.getByText('Someone may be using your account on “Phone”.').waitFor();
    expect(await owner.challenge({ token })).toMatchObject({ state: 'DENIED' });
    expect(await accessibilityFaults(phone)).toEqual([]);
    await refused.getByRole('button', { name: 'Go to devices' }).click();
    await phone.waitForURL('**/account/devices');
    await phone.goto(new URL('/account/activity', phone.url()).href);
    await phone.getByText('You refused a request from Phone').first().waitFor();
  });

  test('waits behind a sign-in, so that no two codes are in sight', async () => {
    const { owner, phone } = await trustedPhone(site);
    await owner.another('Laptop', site.servers.client(1)).challenged();
    await signIn(phone).waitFor();
    await askFor(site.servers, shop, owner);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await asked(phone).waitFor();
    expect(await signIn(phone).count()).toBe(0);
  });

  test('can be put aside beside a sign-in, and each taken up again', async () => {
    const { owner, phone } = await trustedPhone(site);
    await askFor(site.servers, shop, owner);
    await asked(phone).getByRole('button', { name: 'Hide for now' }).click();
    await owner.another('Laptop', site.servers.client(1)).challenged();
    await signIn(phone).getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('button', { name: '1 request is waiting to be confirmed' }).click();
    await asked(phone).getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('button', { name: '1 sign-in is waiting for a code' }).click();
    await signIn(phone).waitFor();
    expect(await asked(phone).count()).toBe(0);
  });

  test('is never on the page of the browser that asks', async () => {
    const { owner, phone } = await trustedPhone(site);
    const { id } = await site.servers.database.row<{ id: string }>(
      `select d.id from device d join account a on a.id = d.account_id where a.email = $1 and d.name like 'Chrome%'`,
      [owner.owner.email],
    );
    const browser = owner.twin();
    browser.deviceToken = null;
    await site.servers.database.query(
      `update session set device_id = $1 where token_hash = sha256(convert_to($2, 'UTF8'))`,
      [id, browser.sessionToken],
    );
    await askFor(site.servers, shop, browser);
    // What comes after it is there: it would have been before.
    await owner.another('Laptop', site.servers.client(1)).challenged();
    await signIn(phone).waitFor();
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('button', { name: '1 sign-in is waiting for a code' }).waitFor();
    expect(await asked(phone).count()).toBe(0);
    expect(await phone.getByText('waiting to be confirmed').count()).toBe(0);
  });

  test('fits the screen however long it is, each part in its own direction', async () => {
    const { owner, phone } = await trustedPhone(site);
    await phone.setViewportSize({ width: 320, height: 640 });
    await askFor(site.servers, shop, owner, {
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
