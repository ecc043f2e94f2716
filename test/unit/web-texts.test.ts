import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';
import { locales } from '../../src/texts/texts.js';
import { entriesOf as entriesIn, placeholders } from '../support/catalogues.js';

const folder = path.join('src', 'web', 'locales');
const names = readdirSync(path.join(projectRoot, folder, 'en'));

test('the web client speaks the languages of the server', () => {
  expect(readdirSync(path.join(projectRoot, folder)).sort()).toEqual([...locales].sort());
});

test.each(locales)('%s has every text of the web client, with the placeholders of the English one', (locale) => {
  expect(readdirSync(path.join(projectRoot, folder, locale)).sort()).toEqual([...names].sort());
  for (const name of names) {
    const english = entriesOf(name, 'en', locale);
    const translated = entriesOf(name, locale, locale);
    expect([name, [...translated.keys()].sort()]).toEqual([name, [...english.keys()].sort()]);
    for (const [key, text] of english) {
      expect([key, placeholders(translated.get(key))]).toEqual([key, placeholders(text)]);
    }
  }
});

test.each(locales)('%s has no empty text in the web client, no HTML and no link', (locale) => {
  for (const [key, text] of names.flatMap((name) => [...entriesOf(name, locale, locale)])) {
    expect(text.trim()).not.toBe('');
    expect([key, text]).toEqual([key, expect.not.stringMatching(/<|>|&\w+;|:\/\//)]);
  }
});

function entriesOf(name: string, locale: string, language: string): Map<string, string> {
  return entriesIn(path.join(folder, locale, name), locale, language);
}
