import { expect, test } from '@jest/globals';
import type { Locator, Page, Route } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { enterPassword, signedIn, typeCode, visit } from '../support/pages.js';
import { until } from '../support/waiting.js';

describeInBrowser('one submission is one request, in a browser,', {}, (site) => {
  /** The operations that a page has asked for from now on, by name. */
  function asked(page: Page): string[] {
    const names: string[] = [];
    page.on('request', (request) => {
      const body = request.method() === 'POST' ? request.postDataJSON() : null;
      if (body?.operationName) names.push(body.operationName);
    });
    return names;
  }
  /** How often a page asks for an operation while somebody does something that is answered only once it is done. */
  async function times(page: Page, operation: string, work: () => Promise<unknown>): Promise<number> {
    const names = asked(page);
    let letGo = () => {};
    const done = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const hold = async (route: Route) => {
      if (route.request().postDataJSON().operationName === operation) await done;
      await route.continue();
    };
    await page.route('**/graphql', hold);
    const answered = page.waitForResponse((response) => response.request().postDataJSON()?.operationName === operation);
    await work();
    letGo();
    await answered;
    await page.unroute('**/graphql', hold);
    // Whatever was pressed is handled by now; what it asked for is in the list.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))');
    return names.filter((name) => name === operation).length;
  }

  test('what a page asks for is held from the moment on that it shall be, however busy the page is', async () => {
    const page = await visit(site);
    await page.evaluate(`void setTimeout(() => {
      const end = performance.now() + 500;
      while (performance.now() < end);
      globalThis.answer = fetch('/graphql', { method: 'POST' });
    })`);
    await page.route('**/graphql', (route) => route.fulfill({ status: 418 }));
    expect(await page.evaluate('answer.then(({ status }) => status)')).toBe(418);
  });

  /** The ways in which somebody sends a form whose last field has the focus. */
  const ways: [string, (page: Page, button: string) => Promise<unknown>][] = [
    ['Enter twice', async ({ keyboard }) => [await keyboard.press('Enter'), await keyboard.press('Enter')]],
    ['Enter held down', async ({ keyboard }) => heldDown(keyboard)],
    ['a double click', (page, name) => page.getByRole('button', { name, exact: true }).dblclick()],
    [
      'a click on the button and Enter',
      async (page, name) => {
        const field = await page.locator('input:focus').elementHandle();
        await page.getByRole('button', { name, exact: true }).click();
        await field?.press('Enter');
      },
    ],
    [
      'Enter on the button, held down',
      async (page, name) => {
        await page.getByRole('button', { name, exact: true }).focus();
        await heldDown(page.keyboard);
      },
    ],
  ];
  async function heldDown(keyboard: Page['keyboard']) {
    for (let nth = 0; nth < 20; nth += 1) await keyboard.down('Enter');
    await keyboard.up('Enter');
  }

  /** By then it is busy, which keeps nobody from pressing it. */
  const press = (page: Page) => page.getByRole('button', { name: 'Continue' });

  const typed: [string, (page: Page, code: string) => Promise<unknown>][] = [
    [
      'typed, with Enter after the last digit',
      async ({ keyboard }, code) => {
        await keyboard.type(code);
        await keyboard.press('Enter');
      },
    ],
    [
      'typed, with Enter held down',
      async ({ keyboard }, code) => {
        await keyboard.type(code);
        await heldDown(keyboard);
      },
    ],
    [
      'pasted, with Enter and a click after it',
      async (page, code) => {
        await page.keyboard.insertText(`Your code: ${code.slice(0, 3)} ${code.slice(3)}`);
        await page.keyboard.press('Enter');
        await press(page).click({ force: true });
      },
    ],
    [
      'typed, with a double click after it',
      async (page, code) => {
        await page.keyboard.type(code);
        await press(page).dblclick({ force: true });
      },
    ],
  ];

  test.each(typed)('a wrong code that is %s spends one try, which is told', async (_way, type) => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    await page.getByLabel(/^Code/).focus();
    expect(await times(page, 'VerifyCode', () => type(page, '000000'))).toBe(1);
    await page.getByRole('alert').getByText('You have 4 attempts left.').waitFor();
    await typeCode(page, '000000');
    await page.getByRole('alert').getByText('You have 3 attempts left.').waitFor();
  });

  test.each(ways)('signing in by %s asks once', async (_way, send) => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await page.getByLabel('Email address').fill(owner.email);
    await page.getByLabel('Password', { exact: true }).fill('another-password-of-99-orbits');
    expect(await times(page, 'SignIn', () => send(page, 'Sign in'))).toBe(1);
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.keyboard.press('Enter');
    await signedIn(page);
  });

  test.each(ways.slice(1, 3))('signing up and resetting a password by %s ask once', async (_way, send) => {
    const page = await visit(site);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email address').fill(newOwner().email);
    await page.getByLabel('Password', { exact: true }).fill('password1234');
    expect(await times(page, 'SignUp', () => send(page, 'Create account'))).toBe(1);

    const { owner } = await site.servers.signedUp();
    await page.goto(new URL('/reset-password', page.url()).href);
    await page.getByLabel('Email address').fill(owner.email);
    expect(await times(page, 'RequestPasswordReset', () => page.keyboard.press('Enter'))).toBe(1);
    await page.getByLabel(/^Code/).fill('00000000');
    await page.getByLabel('New password').fill('velvet-harbour-57-kettle');
    expect(await times(page, 'ResetPassword', () => send(page, 'Set new password'))).toBe(1);
    await page.getByRole('alert').getByText('You have 4 attempts left.').waitFor();
  });

  test.each(ways.slice(1, 3))('the forms of an account by %s ask once', async (_way, send) => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await enterPassword(page, owner);
    await signedIn(page);

    await page.getByRole('link', { name: 'Password', exact: true }).click();
    await page.getByLabel('New password', { exact: true }).fill('velvet-harbour-57-kettle');
    await page.getByLabel('Current password').fill('another-password-of-99-orbits');
    expect(await times(page, 'ChangePassword', () => send(page, 'Change password'))).toBe(1);

    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await page.getByRole('button', { name: 'Rename Phone' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Old phone');
    expect(await times(page, 'RenameDevice', () => send(page, 'Save'))).toBe(1);
  });

  test('what is pressed before an answer can have been read is of the same submission; then it is another', async () => {
    const page = await visit(site);
    const names = asked(page);
    await page.getByLabel('Email address').fill(newOwner().email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.clock.pauseAt(Date.now() + 1000);
    for (const times of [1, 2]) {
      const answered = page.waitForResponse(
        (response) => response.request().postDataJSON()?.operationName === 'SignIn',
      );
      await page.keyboard.press('Enter');
      await answered;
      await page.getByRole('alert').waitFor();
      await page.locator('[data-busy]').waitFor({ state: 'detached' });
      await page.keyboard.press('Enter');
      expect(names.filter((name) => name === 'SignIn')).toHaveLength(times);
      await page.clock.runFor(600);
    }
  });

  test('a double click sends a code another way once, and makes one report', async () => {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    const press = (name: string) => () => page.getByRole('button', { name }).dblclick();
    expect(await times(page, 'SendCode', press('Email me a code instead'))).toBe(1);
    await page.getByText('Didn’t get a code?').click();
    expect(await times(page, 'CreateSupportReport', press('Create report'))).toBe(1);
  });

  test('a busy button turns a wheel in the place of its label, and is not greyed', async () => {
    const page = await visit(site);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route('**/graphql', async (route) => {
      if (route.request().postDataJSON().operationName === 'SignIn') await held;
      await route.continue();
    });
    await enterPassword(page, { email: newOwner().email, password: PASSWORD });
    const button = page.getByRole('button', { name: 'Sign in' });
    await button.locator('[class*=wheel]').waitFor();
    const looks = async () => {
      const of = (part: Locator) =>
        part.evaluate((element) => {
          const page = globalThis as unknown as { getComputedStyle(of: unknown): { opacity: string } };
          return page.getComputedStyle(element).opacity;
        });
      return {
        button: await of(button),
        label: await of(button.locator('[class*=label]')),
      };
    };
    await until(async () => (await looks()).label === '0', 'the wheel alone');
    expect(await looks()).toEqual({ button: '1', label: '0' });
    letGo();
    await page.getByRole('alert').waitFor();
    expect(await looks()).toEqual({ button: '1', label: '1' });
  });
});
