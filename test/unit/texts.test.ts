import path from 'node:path';
import { expect, test } from '@jest/globals';
import { translations } from '@zxcvbn-ts/language-en';
import { localeOf, locales, Texts } from '../../src/texts/texts.js';
import { clockText, instantText, Wait, waitText } from '../../src/texts/times.js';
import { entriesOf as entriesIn, placeholders } from '../support/catalogues.js';

const texts = new Texts({ name: 'Doorstep', address: 'no-reply@doorstep.example' });

test.each(locales)('%s has every text, with the placeholders of the English one', (locale) => {
  const english = entriesOf('en', locale);
  const translated = entriesOf(locale, locale);
  expect([...translated.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) {
    expect([key, placeholders(translated.get(key))]).toEqual([key, placeholders(text)]);
  }
});

test.each(locales)('%s has no empty text, no HTML and no link', (locale) => {
  for (const [key, text] of entriesOf(locale, locale)) {
    expect(text.trim()).not.toBe('');
    expect([key, text]).toEqual([key, expect.not.stringMatching(/<|>|&\w+;|:\/\//)]);
  }
});

test('a number picks the form of its language', () => {
  const triesLeft = (count: number) => texts.t('ru', 'problem.WrongCode', { count });
  expect([1, 2, 5, 21].map(triesLeft)).toEqual([
    'Неверный код. У вас осталась 1 попытка.',
    'Неверный код. У вас осталось 2 попытки.',
    'Неверный код. У вас осталось 5 попыток.',
    'Неверный код. У вас осталась 21 попытка.',
  ]);
  expect(texts.t('en', 'problem.WrongCode', { count: 0 })).toContain('no attempts are left');
});

test('a text says instants and waits in its language', () => {
  const retryAt = Wait.of(14.5 * 60_000);
  expect(texts.t('de', 'problem.ResendTooSoon', { retryAt })).toContain('in 15 Minuten');
  const changedAt = new Date('2026-11-23T05:15:00Z');
  expect(texts.t('fr', 'delivery.hint.MAIL_ACCEPTED', { changedAt })).toContain('à 05:15 UTC');
  expect(clockText(changedAt, 'en')).toBe('05:15 UTC');
  expect(instantText(changedAt, 'en')).toBe('November 23, 2026 at 05:15 UTC');
});

test('a wait is rounded up, and never nothing', () => {
  const wait = (ms: number) => waitText(Wait.of(ms), 'en');
  expect([-5, 1, 1_001, 59_000, 60_000, 61_000, 3_600_000, 86_400_001].map(wait)).toEqual([
    'in 1 second',
    'in 1 second',
    'in 2 seconds',
    'in 59 seconds',
    'in 1 minute',
    'in 2 minutes',
    'in 1 hour',
    'in 2 days',
  ]);
});

test('lists come as sentences that know where mails come from', () => {
  for (const locale of locales) {
    const help = texts.list(locale, 'challenge.help.SIGN_IN.EMAIL');
    expect(help.length).toBeGreaterThan(1);
    expect(help[0]).toContain('no-reply@doorstep.example');
  }
});

test('what a value holds is neither looked up nor filled in', () => {
  const reply = '$t(problem.WrongPassword) {{productName}} <b>';
  expect(texts.t('en', 'delivery.hintWithReply.ADDRESS_REFUSED', { reply })).toContain(`(reply ${reply})`);
});

test('a value that was forgotten is an error, not a gap', () => {
  expect(() => texts.t('en', 'problem.ResendTooSoon')).toThrow(RangeError);
});

test('every hint of the password estimate has a text', () => {
  for (const kind of ['warning', 'suggestion'] as const) {
    const known = [...entriesOf('en', 'en').keys()].filter((key) => key.startsWith(`weakPassword.${kind}.`));
    const given = Object.keys(translations[`${kind}s`]).map((name) => `weakPassword.${kind}.${name}`);
    expect(known.sort()).toEqual(given.sort());
  }
});

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['*', 'en'],
  ['pt-BR,pt;q=0.9,en;q=0.8', 'pt'],
  ['zh, de-AT;q=0.7, en;q=0.3', 'de'],
  ['fr;q=0, ru', 'ru'],
  ['zh', 'en'],
  [';;,q=,,', 'en'],
  ['es', 'es'],
])('Accept-Language %j is read as %s', (header, locale) => {
  expect(localeOf(header)).toBe(locale);
});

function entriesOf(locale: string, language: string): Map<string, string> {
  return entriesIn(path.join('locales', `${locale}.json`), locale, language);
}
