import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import { enterPassword, promptedCode, signedIn, trustedPhone, visit } from '../support/pages.js';

/** The digits that stand ten in a row from this zero, in the place of those of ASCII. */
const from = (zero: string) => (code: string) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint((zero.codePointAt(0) ?? 0) + Number(digit)));
const halves = (code: string, between: string) => `${code.slice(0, 3)}${between}${code.slice(3)}`;

describeInBrowser('the field of a code, in a browser,', { count: 2 }, (site) => {
  /** A page that waits for a code, and what takes it: the code as the field shows it when it is sent. */
  async function waiting() {
    const { owner } = await site.servers.trusted();
    const page = await visit(site);
    await enterPassword(page, owner);
    await page.getByLabel(/^Code/).focus();
    const sent = page
      .waitForRequest((request) => request.postDataJSON()?.operationName === 'VerifyCode')
      .then((request) => request.postDataJSON().variables.code as string);
    return { page, sent };
  }

  test.each<[string, (code: string) => string]>([
    ['full-width', from('０')],
    ['Arabic-Indic', from('٠')],
    ['Persian', from('۰')],
    ['Devanagari', from('०')],
    ['mathematical', from('𝟬')],
    ['from right to left, with marks that say so', (code) => `\u200f${halves(from('٠')(code), '\u00a0')}\u200f`],
  ])('takes digits that are %s, typed and pasted', async (_name, written) => {
    const typed = await waiting();
    for (const digit of written('190283')) await typed.page.keyboard.insertText(digit);
    expect(await typed.sent).toBe('190283');
    const pasted = await waiting();
    await pasted.page.keyboard.insertText(written('190283'));
    expect(await pasted.sent).toBe('190283');
  });

  test.each([
    'Your code: 190 283',
    '190-283',
    '190–283',
    ' 1 9 0 2 8 3 ',
    'Your code for step 2 of 2 is 190283, good for 10 minutes.',
    'Code (2 steps):\n190 283\nIt is good for 10 minutes.',
  ])('takes the code out of %j', async (text) => {
    const { page, sent } = await waiting();
    await page.keyboard.insertText(text);
    expect(await sent).toBe('190283');
  });

  test('takes digits that a keyboard composes, once it has', async () => {
    const { page, sent } = await waiting();
    const keyboard = await page.context().newCDPSession(page);
    for (const text of ['１', '１９', '１９０']) {
      await keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
    }
    await keyboard.send('Input.insertText', { text: '１９０' });
    expect(await page.getByLabel(/^Code/).inputValue()).toBe('190');
    await page.keyboard.insertText('２８３');
    expect(await sent).toBe('190283');
  });

  test('lets somebody in whose keyboard writes other digits', async () => {
    const { owner, phone } = await trustedPhone(site);
    const laptop: Page = await visit(site, { nth: 1 });
    await enterPassword(laptop, owner.owner);
    await laptop.getByLabel(/^Code/).focus();
    await laptop.keyboard.insertText(halves(from('٠')(await promptedCode(phone)), ' '));
    await signedIn(laptop);
  });
});
