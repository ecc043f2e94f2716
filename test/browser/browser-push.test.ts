import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityFaults, describeInBrowser } from '../support/browser.js';
import type { Handset } from '../support/handset.js';
import { trustedPhone } from '../support/pages.js';
import { ServiceWorker } from '../support/service-worker.js';
import { until } from '../support/waiting.js';

describeInBrowser('the service worker', { count: 2 }, (site) => {
  /** Nobody looks at the pages, and none has a line to the server: the tab shows something else of the same host. */
  const putAway = (phone: Page) => phone.goto(`${site.servers.client().url}/livez`);

  /** A laptop that asks for a code, and the push that tells the phone of it. */
  async function asking(owner: Handset) {
    const laptop = owner.another('Laptop', site.servers.client(1));
    const challenge = await laptop.challenged();
    return { laptop, challenge, push: { id: `req_${challenge.id}`, kind: 'LOGIN' } };
  }

  async function phoneWithWorker() {
    const { owner, phone } = await trustedPhone(site);
    return { owner, phone, worker: await ServiceWorker.of(phone) };
  }

  describe('woken by a push', () => {
    test('shows who asks and from where, says that it did, and in the end how it ended', async () => {
      const { owner, phone, worker } = await phoneWithWorker();
      await putAway(phone);
      const { laptop, challenge, push } = await asking(owner);
      await worker.push(push);
      expect(await worker.see(push.id)).toEqual({
        title: 'Are you trying to sign in?',
        body: '“Laptop” · Private network\nOpen Doorstep to see the code.',
        tag: push.id,
        actions: ['not-me'],
        silent: false,
        lang: 'en',
      });
      await until(
        async () => (await laptop.challenge(challenge)).deliveries.some(({ state }) => state === 'SEEN'),
        'the acknowledgement',
      );
      await owner.deny(challenge);
      await worker.push(push);
      expect(await worker.see(push.id, ({ actions }) => actions.length === 0)).toMatchObject({
        title: 'Doorstep',
        body: 'The sign-in on “Laptop” was blocked.',
        silent: true,
      });
      // What is over goes with the next one.
      const next = await asking(owner);
      await worker.push(next.push);
      await worker.see(next.push.id);
      await until(async () => (await worker.shown()).length === 1, 'the end of what is over');
    });

    test('speaks the language that the pages were shown in', async () => {
      const { owner, phone, worker } = await phoneWithWorker();
      await phone.getByLabel('Language').selectOption('de');
      await worker.hears('de');
      await putAway(phone);
      const { push } = await asking(owner);
      await worker.push(push);
      const { title, body, lang } = await worker.see(push.id);
      expect([title, body, lang]).toEqual([
        'Möchten Sie sich anmelden?',
        '„Laptop“ · Privates Netzwerk\nÖffnen Sie Doorstep, um den Code zu sehen.',
        'de',
      ]);
    });

    test('never shows nothing, whatever it was sent and whether or not it reaches the server', async () => {
      const { owner, phone, worker } = await phoneWithWorker();
      await putAway(phone);
      for (const message of [null, { kind: 'NEW', id: 'new_1' }]) {
        await worker.push(message);
        await worker.see('prompt');
      }
      await worker.push({ kind: 'TEST' });
      await worker.see('test');
      const foreign = { id: 'req_00000000-0000-4000-8000-000000000000', kind: 'LOGIN' };
      await worker.push(foreign);
      expect(await worker.see(foreign.id)).toMatchObject({ body: 'This request is over.' });
      const { push } = await asking(owner);
      await worker.cutOff();
      await worker.push(push);
      expect(await worker.see(push.id)).toMatchObject({ body: 'A code may be waiting. Open Doorstep to see it.' });
    });

    test('says on a device that was removed that no codes come any more, once', async () => {
      const { owner, phone, worker } = await phoneWithWorker();
      await putAway(phone);
      const { push } = await asking(owner);
      const phones = (await owner.viewer())?.devices.filter(({ name }) => name.startsWith('Chrome')) ?? [];
      for (const { id } of phones) {
        await owner.ask('mutation ($id: ID!) { removeDevice(id: $id) { deviceId } }', { id });
      }
      await worker.push(push);
      await worker.see('signed-out');
      expect((await worker.shown()).map(({ tag }) => tag)).toEqual(['signed-out']);
    });
  });

  test('opens a page where “This was not me” is asked once more, and then the prompt where it was a mistake', async () => {
    const { owner, phone, worker } = await phoneWithWorker();
    await putAway(phone);
    const { laptop, challenge, push } = await asking(owner);
    await worker.push(push);
    await worker.see(push.id);
    const address = (await worker.answer(push.id, 'not-me')) ?? '';
    expect(await worker.shown()).toEqual([]);
    await phone.goto(address);
    await phone.getByRole('alertdialog', { name: 'Block this sign-in?' }).waitFor();
    await phone.getByText('“Laptop” (Private network)').waitFor();
    expect(new URL(phone.url()).hash).toBe('');
    expect(await accessibilityFaults(phone)).toEqual([]);
    await phone.getByRole('button', { name: 'Don’t block' }).click();
    await phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' }).waitFor();
    expect(await laptop.challenge(challenge)).toMatchObject({ state: 'PENDING' });
  });

  test('brings up the page that is open: with the prompt, or the question; and takes down what is over or in sight', async () => {
    const { owner, phone, worker } = await phoneWithWorker();
    const { laptop, challenge, push } = await asking(owner);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await worker.push(push);
    expect(await worker.see(push.id)).toMatchObject({ silent: true });
    expect(await worker.answer(push.id)).toBeNull();
    await phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' }).waitFor();

    await worker.push(push);
    await worker.see(push.id);
    expect(await worker.answer(push.id, 'not-me')).toBeNull();
    expect(await laptop.challenge(challenge)).toMatchObject({ state: 'PENDING' });
    await worker.push(push);
    await worker.see(push.id);
    await phone.getByRole('button', { name: 'Block sign-in' }).click();
    await phone.getByRole('alertdialog', { name: 'Sign-in blocked' }).waitFor();
    expect(await laptop.challenge(challenge)).toMatchObject({ state: 'DENIED' });
    await worker.seeNone();

    await worker.push({ kind: 'TEST' });
    await worker.see('test');
    await phone.reload();
    await worker.seeNone();
  });

  test('says so where a page cannot be fetched, and shows it as soon as it can be', async () => {
    const { phone, worker } = await phoneWithWorker();
    await phone.getByLabel('Language').selectOption('de');
    await worker.hears('de');
    await phone.context().setOffline(true);
    await phone.goto(`${site.servers.client().url}/account/devices`);
    await phone.getByRole('heading', { level: 1, name: 'Sie sind offline' }).waitFor();
    expect(await accessibilityFaults(phone)).toEqual([]);
    expect(await phone.evaluate('caches.keys()')).toEqual([]);
    await phone.context().setOffline(false);
    await phone.getByRole('heading', { level: 1, name: 'Geräte' }).waitFor();
  });
});
