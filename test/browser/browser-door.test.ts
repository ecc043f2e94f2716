import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityFaults, describeInBrowser } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { resetByMail } from '../support/owner.js';
import { enterPassword, signedIn, typeCode, visit } from '../support/pages.js';
import { until } from '../support/waiting.js';

describeInBrowser('somebody at the door, in a browser,', {}, (site) => {
  const focused = (page: Page) => page.evaluate<string>('document.activeElement.autocomplete');
  const paste = (page: Page, text: string) =>
    page.getByLabel(/^Code/).evaluate((field, pasted) => {
      const input = field as unknown as { focus(): void; ownerDocument: { execCommand(...args: unknown[]): void } };
      input.focus();
      input.ownerDocument.execCommand('insertText', false, pasted);
    }, text);

  test('signs up with the keyboard alone, and pastes the mailed code with a space in it', async () => {
    const { email } = newOwner();
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).press('Enter');
    await page.getByRole('heading', { name: 'Create your account' }).waitFor();
    expect(await page.title()).toBe('Create your account · Doorstep');
    await page.keyboard.press('Tab');
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByLabel(/^Code/).waitFor();
    expect(await focused(page)).toBe('one-time-code');
    const code = await site.servers.mailbox.code(email);
    await paste(page, ` ${code.slice(0, 4)} ${code.slice(4)} `);
    await signedIn(page);
  });

  test('sees the typed address where its code is waited for, and puts it right', async () => {
    const { email } = newOwner();
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).click();
    const address = page.getByLabel('Email address');
    await address.fill(`wrong-${email}`);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText(`wrong-${email}`).waitFor();
    await page.reload();
    await page.getByText(`wrong-${email}`).waitFor();
    await page.getByRole('button', { name: 'Use a different email address' }).click();
    expect(await address.inputValue()).toBe(`wrong-${email}`);
    await address.fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText(`sending to ${email}`).waitFor();
    await typeCode(page, await site.servers.mailbox.code(email));
    await signedIn(page);
  });

  test('knows from the start what a password needs, and what it lacks until it is mended', async () => {
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByText('At least 12 characters.').waitFor();
    await page.getByLabel('Email address').fill(newOwner().email);
    const password = page.getByLabel('Password', { exact: true });
    await page.getByRole('button', { name: 'Create account' }).click();
    const empty = page.getByText('Enter your password.');
    await empty.waitFor();
    await password.press('q');
    await empty.waitFor({ state: 'detached' });
    await password.fill('quartz-lan');
    await page.getByRole('button', { name: 'Create account' }).click();
    const short = page.getByText('Use at least 12 characters.');
    await short.waitFor();
    await password.fill('quartz-lant');
    await page.getByRole('status').filter({ hasText: /\S/ }).first().waitFor();
    await short.waitFor();
    await password.fill(PASSWORD);
    await short.waitFor({ state: 'detached' });
    expect(await password.getAttribute('aria-invalid')).toBeNull();
  });

  test('types the address once, whichever page it is wanted on', async () => {
    const { email } = newOwner();
    const page = await visit(site);
    const address = page.getByLabel('Email address');
    await address.fill(email);
    for (const [link, title] of [
      ['Forgot your password?', 'Reset your password'],
      ['Back to sign in', 'Sign in'],
      ['Create an account', 'Create your account'],
    ] as const) {
      await page.getByRole('link', { name: link }).click();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect(await address.inputValue()).toBe(email);
    }
    await address.fill(`other-${email}`);
    await page.getByRole('link', { name: 'Already have an account? Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(await address.inputValue()).toBe(`other-${email}`);
  });

  test('lands on the page that was asked for, also by way of a code and a reload', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await page.goto(`${site.servers.client().url}/account/activity`);
    await enterPassword(page, owner);
    await page.getByLabel(/^Code/).waitFor();
    await page.getByRole('button', { name: 'Email me a code instead' }).click();
    const code = await site.servers.mailbox.code(owner.email);
    await page.reload();
    await typeCode(page, code);
    await page.getByRole('heading', { level: 1, name: 'Sign-in activity' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/account/activity');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await page.waitForURL(`${site.servers.client().url}/`);
    expect(await page.getByLabel('Email address').inputValue()).toBe('');
  });

  test('is told what a form lacks before anything is sent, and led to it', async () => {
    const page = await visit(site);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Enter your email address.').waitFor();
    expect(await focused(page)).toBe('username');
    await enterPassword(page, { email: 'ada', password: '' });
    await page.getByText('Enter a valid email address').waitFor();
    await page.getByLabel('Email address').fill('ada@example.com');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Enter a valid email address').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('current-password');
    expect(sent).toEqual([]);
  });

  test('is told of each wrong code, and at once when no more are taken', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    for (const left of [4, 3, 2, 1]) {
      await typeCode(page, 'abc 000000');
      await page.getByRole('alert').getByText(`You have ${left} att`).waitFor();
    }
    expect(await focused(page)).toBe('one-time-code');
    expect(await accessibilityFaults(page)).toEqual([]);
    await typeCode(page, '000000');
    await page.getByText('Too many wrong codes').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
  });

  test('is told that a code has expired', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    await page.getByText('None of your trusted devices is online.').waitFor();
    await site.servers.database.age('challenge', '11 minutes');
    const told = page.getByText('Your code has expired').waitFor();
    // The page may notice before anything is typed.
    await Promise.race([told, typeCode(page, '123456')]);
    await told;
  });

  test('is told to start again once no send is left, and can', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    const byMail = page.getByRole('button', { name: 'Email me a code instead' });
    await byMail.waitFor();
    await site.servers.database.query('update challenge set sends = 4 where email = $1', [owner.email]);
    await byMail.click();
    await page.getByText('This code can’t be sent again.').waitFor();
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
  });

  test('is told that the server is out of reach for as long as it is', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    const opened = page.waitForEvent('websocket');
    await enterPassword(page, owner);
    // A line that comes to life hides what was said before.
    await (await opened).waitForEvent('framereceived', ({ payload }) => String(payload).includes('"next"'));
    await page.route('**/graphql', (route) => route.abort());
    await typeCode(page, '000000');
    const told = page.getByText('Can’t connect.');
    await told.waitFor();
    await page.unroute('**/graphql');
    await page.context().setOffline(true);
    await page.getByText('You’re offline.').waitFor();
    await page.context().setOffline(false);
    await told.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').getByText('You have 4 attempts left.').waitFor();
  });

  test('resets a password, and signs in with the new one', async () => {
    const { owner } = await site.servers.signedUp();
    const password = 'velvet-harbour-57-kettle';
    const page = await visit(site, { screen: 'phone' });
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByLabel('Email address').fill(owner.email);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel(/^Code/).fill(await site.servers.mailbox.code(owner.email));
    await page.getByLabel('New password').fill(password);
    await page.getByRole('button', { name: 'Set new password' }).click();
    await page.getByText('Your password has been reset').waitFor();
    await enterPassword(page, { ...owner, password });
    await signedIn(page);
  });

  test('finds the button where it was when the estimate of a password comes late', async () => {
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).click();
    let letCome = () => {};
    const held = new Promise<void>((resolve) => {
      letCome = resolve;
    });
    await page.route('**/assets/strength-*.js', async (route) => {
      await held;
      await route.continue();
    });
    const button = page.getByRole('button', { name: 'Create account' });
    const before = await button.boundingBox();
    await page.getByLabel('Password', { exact: true }).fill('velvet-harbour-57-kettle');
    letCome();
    await page.getByText('Very strong', { exact: true }).waitFor();
    expect(await button.boundingBox()).toEqual(before);
  });

  test('chooses another language in the middle of a sign-in, and all that the server says follows', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    await page.getByText('None of your trusted devices is online.').waitFor();
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('heading', { name: 'Code eingeben' }).waitFor();
    await page.getByText('Keines Ihrer vertrauenswürdigen Geräte ist online.').waitFor();
    expect(await page.evaluate('[document.documentElement.lang, document.title]')).toEqual([
      'de',
      'Code eingeben · Doorstep',
    ]);
    await typeCode(page, '000000');
    await page.getByText('Sie haben noch 4 Versuche.').waitFor();
  });

  test('hears in the language that was chosen while the line was being opened', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    const held: (() => void)[] = [];
    let sockets = 0;
    await page.routeWebSocket('**/graphql', (line) => {
      const isFirst = sockets++ === 0;
      line.connectToServer().onMessage((message) => {
        if (isFirst && String(message).includes('connection_ack')) held.push(() => line.send(message));
        else line.send(message);
      });
    });
    await page.reload();
    await enterPassword(page, owner);
    const letThrough = await until(() => held[0], 'the greeting');
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('heading', { name: 'Code eingeben' }).waitFor();
    letThrough();
    await page.getByText('Keines Ihrer vertrauenswürdigen Geräte ist online.').waitFor();
  });

  test('is told that nothing can be read while there is no network, and sees the page once there is', async () => {
    const page = await visit(site);
    await page.route('**/graphql', (route) => route.abort());
    await page.reload();
    await page.getByRole('heading', { name: 'Can’t connect' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.context().setOffline(true);
    await page.getByText('You’re offline.').waitFor();
    await page.unroute('**/graphql');
    await page.context().setOffline(false);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('You’re offline.').count()).toBe(0);
  });

  test('finds the inbox where it is on the own machine', async () => {
    const page = await visit(site);
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.waitForURL('**/inbox');
  });

  test('finds the inbox on the own machine where a mailed code is waited for, in a tab of its own', async () => {
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email address').fill(newOwner().email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    const inbox = page.getByRole('link', { name: 'Inbox' });
    const [tab] = await Promise.all([page.context().waitForEvent('page'), inbox.click()]);
    await tab.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.getByLabel(/^Code/).waitFor();
  });

  test('is told after a reset where to begin, and of no device that is not trusted any more', async () => {
    const phone = await site.servers.trusted();
    const password = 'granite-teapot-31-voyage';
    await resetByMail(phone, password);
    const page = await visit(site);
    await enterPassword(page, { email: phone.owner.email, password });
    await page.getByText('only a trusted device can show this code').waitFor();
    await page.getByText('You have no trusted devices since your password was reset.').waitFor();
    expect(await page.getByText('on a trusted device to see your code').count()).toBe(0);
  });
});
