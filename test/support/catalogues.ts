import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';

type Entry = string | string[] | { [name: string]: Entry };

/**
 * The texts of a catalogue by key. Plural forms count as present in the number that `language` needs, which no count
 * below a million changes, so that catalogues of different languages compare.
 * @param file where it is in the project
 */
export function entriesOf(file: string, locale: string, language: string): Map<string, string> {
  const catalogue: Entry = JSON.parse(readFileSync(path.join(projectRoot, file), 'utf8'));
  const entries = new Map(flatten(catalogue, ''));
  const forms = new Set(Array.from({ length: 200 }, (_, count) => new Intl.PluralRules(language).select(count)));
  // Fractions do not occur, but `other` is where i18next ends.
  forms.add('other');
  for (const [key, text] of [...entries].filter(([name]) => locale !== language && name.endsWith('_other'))) {
    entries.delete(key.replace(/other$/, 'one'));
    for (const form of forms) entries.set(key.replace(/other$/, form), text);
  }
  return entries;
}

/** What a text leaves open, in one order. */
export function placeholders(text = ''): string[] {
  return (text.match(/{{.*?}}/g) ?? []).sort();
}

function flatten(entry: Entry, key: string): [string, string][] {
  if (typeof entry === 'string') return [[key, entry]];
  return Object.entries(entry).flatMap(([name, child]) => flatten(child, key ? `${key}.${name}` : name));
}
