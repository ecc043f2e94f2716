import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityFaults, describeInBrowser } from '../support/browser.js';
import type { Handset } from '../support/handset.js';
import type { Challenge } from '../support/outcomes.js';
import { wrongCode } from '../support/owner.js';
import { askingLaptop, enterPassword, promptedCode, signedIn, trustedPhone, typeCode } from '../support/pages.js';
import { until } from '../support/waiting.js';

describeInBrowser('in browsers on two servers,', { count: 2 }, (site) => {
  /** A device that asks over the API for what a laptop asks for, and the challenge that it was given. */
  async function askingHandset(owner: Handset) {
    const laptop = owner.another('Laptop', site.servers.client(1));
    return { laptop, challenge: await laptop.challenged() };
  }

  /** The next prompt that the page is told of on its line. */
  const told = async (page: Page) => {
    const socket = await page.waitForEvent('websocket');
    await socket.waitForEvent('framereceived', ({ payload }) => String(payload).includes('"loginRequests":'));
  };
  const settled = (page: Page) => page.evaluate('new Promise(requestAnimationFrame)');

  test('the code appears on the phone, is seen there, and lets the laptop in; then the prompt is gone', async () => {
    const { owner, phone } = await trustedPhone(site);
    const laptop = await askingLaptop(site, owner);
    const prompt = phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' });
    await prompt.waitFor();
    await laptop.getByText('Shown on 1 device').waitFor();
    expect(await accessibilityFaults(phone)).toEqual([]);
    await typeCode(laptop, await promptedCode(phone));
    await signedIn(laptop);
    await prompt.waitFor({ state: 'detached' });
  });

  test('a prompt that was put aside can be taken up again; of two the newer is shown, with its time, then the older', async () => {
    const { owner, phone } = await trustedPhone(site);
    await owner.another('Older').challenged();
    const prompt = phone.getByRole('alertdialog');
    await prompt.getByText('Older').waitFor();
    const older = await promptedCode(phone);
    await site.servers.database.age('challenge', '3 minutes', "device_name = 'Older' and email = $1", [
      owner.owner.email,
    ]);
    await owner.another('Newer').challenged();
    await phone.getByText('1 more sign-in is waiting.').waitFor();
    await prompt.getByText('Newer').waitFor();
    await prompt.getByText(/^(now|\d+ seconds? ago)$/).waitFor();
    expect(await promptedCode(phone)).not.toBe(older);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await prompt.getByText('Older').waitFor();
    expect(await promptedCode(phone)).toBe(older);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('button', { name: '2 sign-ins are waiting for a code' }).click();
    await prompt.getByText('Newer').waitFor();
  });

  test('the phone is told how each prompt ended, and its tab says that one waits', async () => {
    const { owner, phone } = await trustedPhone(site);
    const prompt = phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' });
    const title = (expected: string) => until(async () => (await phone.title()) === expected, `the title ${expected}`);
    const ends = async (
      name: string,
      end: (laptop: Handset, challenge: Challenge) => Promise<unknown>,
      told: string,
    ) => {
      const laptop = owner.another(name, site.servers.client(1));
      const challenge = await laptop.challenged();
      await prompt.getByText(name).waitFor();
      await title('1 sign-in is waiting for a code · Doorstep');
      await end(laptop, challenge);
      await phone.getByRole('status').getByText(told, { exact: true }).waitFor();
      await prompt.waitFor({ state: 'detached' });
      await title('Sign-in and security · Doorstep');
    };
    await ends(
      'First',
      async (laptop, challenge) => laptop.verify(challenge, await promptedCode(phone)),
      '“First” is signed in.',
    );
    await ends('Second', (_laptop, challenge) => owner.deny(challenge), 'The sign-in on “Second” was blocked.');
    await ends(
      'Third',
      async (laptop, challenge) => {
        const wrong = wrongCode(await promptedCode(phone));
        for (let nth = 0; nth < 5; nth += 1) await laptop.verify(challenge, wrong);
      },
      '“Third” was blocked after too many wrong codes.',
    );
    const late = await owner.another('Fourth').challenged();
    await prompt.getByText('Fourth').waitFor();
    await site.servers.database.age('challenge', '11 minutes', 'id = $1', [late.id]);
    await owner.another('Fifth').challenged();
    await phone.getByText('The code for “Fourth” has expired.').waitFor();
    await prompt.getByText('Fifth').waitFor();
  });

  test('a prompt that was put aside opens again when its code is sent again, and not when the line comes back', async () => {
    const { owner, phone } = await trustedPhone(site);
    const { laptop, challenge } = await askingHandset(owner);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    const waiting = phone.getByRole('button', { name: '1 sign-in is waiting for a code' });
    await waiting.waitFor();
    const toldAgain = told(phone);
    await phone.context().setOffline(true);
    await phone.getByText('You’re offline.').waitFor();
    await phone.context().setOffline(false);
    await toldAgain;
    await settled(phone);
    await waiting.waitFor();

    await site.servers.database.age('challenge', '31 seconds', 'id = $1', [challenge.id]);
    await laptop.sendCode(challenge, 'APP');
    await phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' }).waitFor();
  });

  test('the code of a prompt runs from left to right where the page runs from right to left', async () => {
    const { owner, phone } = await trustedPhone(site);
    await phone.evaluate("document.documentElement.dir = 'rtl'");
    await askingHandset(owner);
    await phone.getByRole('alertdialog').waitFor();
    const fromLeftToRight = await phone.evaluate<string>(`{
      const output = document.querySelector('[role=alertdialog] output');
      const text = document.createTreeWalker(output, NodeFilter.SHOW_TEXT).nextNode();
      const leftOf = (nth) => {
        const range = document.createRange();
        range.setStart(text, nth);
        range.setEnd(text, nth + 1);
        return range.getBoundingClientRect().left;
      };
      const digits = [...text.data].map((digit, nth) => ({ digit, left: leftOf(nth) }));
      digits.sort((one, other) => one.left - other.left).map(({ digit }) => digit).join('');
    }`);
    expect(fromLeftToRight.replace(' ', '')).toBe((await owner.viewer())?.loginRequests[0]?.code);
  });

  test('a prompt takes no answer that was meant for what it covers, and then one that is meant for it', async () => {
    const { owner, phone } = await trustedPhone(site);
    await phone.getByRole('link', { name: 'Password', exact: true }).click();
    await phone.getByLabel('Current password').focus();
    await phone.clock.pauseAt(Date.now() + 1000);
    const { laptop, challenge } = await askingHandset(owner);
    const prompt = phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' });
    await prompt.waitFor();
    await phone.clock.runFor(600);
    for (const key of ['Enter', 'Space', 'Escape']) await phone.keyboard.press(key);
    await phone.clock.runFor(100);
    for (const key of ['Enter', 'Space']) await phone.keyboard.press(key);
    await prompt.getByRole('button', { name: 'Hide for now' }).click();

    await phone.getByRole('button', { name: '1 sign-in is waiting for a code' }).click();
    const notMe = prompt.getByRole('button', { name: 'This was not me' });
    await notMe.waitFor();
    await phone.clock.runFor(600);
    for (const button of await prompt.getByRole('button').all()) await button.click({ force: true });
    await phone.clock.runFor(100);
    expect(await laptop.challenge(challenge)).toMatchObject({ state: 'PENDING' });
    await notMe.click();
    const refused = phone.getByRole('alertdialog', { name: 'Sign-in blocked' });
    await refused.waitFor();
    expect(await laptop.challenge(challenge)).toMatchObject({ state: 'DENIED' });
    for (const button of await refused.getByRole('button').all()) await button.click({ force: true });
    await phone.clock.resume();
    await phone.mouse.click(5, 5);
    await settled(phone);
    await refused.waitFor();
  });

  test('the code comes by mail instead, with what became of it', async () => {
    const { owner, phone } = await trustedPhone(site);
    const laptop = await askingLaptop(site, owner);
    await phone.getByRole('alertdialog').waitFor();
    const shown = await promptedCode(phone);
    await laptop.getByRole('button', { name: 'Email me a code instead' }).click();
    await laptop.getByText(/^Email sent at/).waitFor();
    const mail = await site.servers.mailbox.next(owner.owner.email, ({ text }) => (text ?? '').includes(shown));
    expect(mail.subject).not.toContain(shown);
    await typeCode(laptop, shown);
    await signedIn(laptop);
  });

  test('“This was not me” ends the sign-in on the laptop at once, and says on the phone what to do', async () => {
    const { owner, phone } = await trustedPhone(site);
    const laptop = await askingLaptop(site, owner);
    await phone.getByRole('button', { name: 'This was not me' }).click();
    await laptop.getByText('Blocked on a trusted device').waitFor();
    await phone.getByRole('alertdialog', { name: 'Sign-in blocked' }).waitFor();
    expect(await accessibilityFaults(phone)).toEqual([]);
    await phone.getByRole('button', { name: 'Change password' }).click();
    await phone.waitForURL('**/account/password');
  });

  test('a device that is removed says so by itself, and is signed out', async () => {
    const { owner, phone } = await trustedPhone(site);
    const laptop = await askingLaptop(site, owner);
    await typeCode(laptop, await promptedCode(phone));
    await signedIn(laptop);
    const devices = (await owner.viewer())?.devices ?? [];
    const removed = devices.find(({ name, isCurrent }) => name.startsWith('Chrome on Linux') && !isCurrent);
    await owner.ask('mutation ($id: ID!) { result: removeDevice(id: $id) { deviceId } }', { id: removed?.id });
    await Promise.race([phone, laptop].map((page) => page.getByText('You’ve been signed out').waitFor()));
  });

  test('an own sign-out is no surprise, and the trusted browser is let in by its password alone', async () => {
    const { owner, phone } = await trustedPhone(site);
    await phone.getByRole('button', { name: 'Sign out', exact: true }).click();
    await phone.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await phone.getByText('You’ve been signed out').count()).toBe(0);
    await enterPassword(phone, owner.owner);
    await signedIn(phone);
  });

  test('no script of a page can read a session or a device token', async () => {
    const { phone } = await trustedPhone(site);
    const within = await phone.evaluate<string>(
      '[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()',
    );
    expect(within).not.toMatch(/ses_|dev_|doorstep-(session|device)/);
    const cookies = await phone.context().cookies();
    expect(cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([
      [true, 'Strict'],
      [true, 'Strict'],
      [true, 'Strict'],
    ]);
  });

  test('a line that was away comes back, and with it the prompt that was missed', async () => {
    const { owner, phone } = await trustedPhone(site);
    await phone.context().setOffline(true);
    const laptop = await askingLaptop(site, owner);
    await phone.context().setOffline(false);
    await phone.getByRole('alertdialog').waitFor();
    await typeCode(laptop, await promptedCode(phone));
    await signedIn(laptop);
  });

  test('a stranger cannot push the code or “This was not me” out of sight by the name of a device', async () => {
    const { owner, phone } = await trustedPhone(site);
    await phone.setViewportSize({ width: 400, height: 700 });
    // The widest character that there is, and marks that pile up.
    for (const long of ['\ufdfd'.repeat(64), `x${'\u0301'.repeat(63)}`]) {
      await owner.another(long).signIn({ device: { model: long } });
      await phone.getByRole('alertdialog').waitFor();
      const refusal = phone.getByRole('button', { name: 'This was not me' });
      for (const part of [phone.getByRole('alertdialog').getByRole('status').first(), refusal]) {
        const { y, height } = (await part.boundingBox()) ?? { y: Number.NaN, height: 0 };
        expect(y).toBeGreaterThan(0);
        expect(y + height).toBeLessThan(700);
      }
      await refusal.click();
      await phone.getByRole('button', { name: 'Later' }).click();
    }
    await phone.goto(new URL('/account/activity', phone.url()).href);
    const entry = phone.getByText('\ufdfd').first();
    await entry.waitFor();
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(400);
    expect((await entry.boundingBox())?.height).toBeLessThan(40);
  });
});
