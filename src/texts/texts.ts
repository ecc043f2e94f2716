import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInstance, type i18n, type Resource } from 'i18next';
import Negotiator from 'negotiator';
import type en from '../../locales/en.json';
import type { Mailbox } from '../config/config.js';
import { projectRoot } from '../config/project.js';
import { clockText, type Wait, waitText } from './times.js';

/** The languages that people are spoken to in; the first stands in where none of theirs is here. */
export const locales = ['en', 'de', 'fr', 'es', 'pt', 'ru'] as const;
export type Locale = (typeof locales)[number];

/** Everything that people read, as `locales/en.json` has it. */
export type Catalogue = typeof en;

/** The name of one text, such as `problem.WrongCode`; the ending that i18next picks by number is left out. */
export type TextKey = Keys<Catalogue, string>;

/** The name of a list of sentences, such as `challenge.help.SIGN_IN.APP`. */
export type ListKey = Keys<Catalogue, readonly string[]>;

/** What goes into a text: `count` also picks its plural; the text says how an instant or a wait is shown (`{{retryAt, wait}}`). */
export type TextValues = Readonly<Record<string, string | number | Date | Wait>>;

type Keys<Branch, Leaf> = {
  [Name in keyof Branch & string]: Branch[Name] extends Leaf
    ? WithoutPlural<Name>
    : Branch[Name] extends string | readonly string[]
      ? never
      : `${Name}.${Keys<Branch[Name], Leaf>}`;
}[keyof Branch & string];

type WithoutPlural<Name> = Name extends `${infer Stem}_${Intl.LDMLPluralRule}` ? Stem : Name;

/**
 * The catalogue of everything people read, from `locales/`. Each text knows `{{productName}}` and `{{mailFrom}}`.
 * An entry that a language lacks is read in English. Nothing is escaped: whoever makes HTML of it does that.
 */
export class Texts {
  private readonly i18n: i18n;

  /**
   * @param productName what the product is called
   * @throws if a catalogue is missing or is not JSON
   */
  constructor(
    mailFrom: Mailbox,
    readonly productName: string = mailFrom.name || mailFrom.address,
  ) {
    this.i18n = createInstance();
    // With `initAsync` off, and nothing to load, it is ready when this returns.
    void this.i18n.init({
      initAsync: false,
      fallbackLng: locales[0],
      supportedLngs: locales,
      resources: Object.fromEntries(locales.map((locale) => [locale, { translation: readCatalogue(locale) }])),
      interpolation: {
        escapeValue: false,
        defaultVariables: { productName: this.productName, mailFrom: mailFrom.address },
      },
      missingInterpolationHandler: (text: string, [placeholder]: RegExpExecArray) => {
        throw new RangeError(`'${text}' was given nothing for ${placeholder}`);
      },
    });
    const formatter = this.i18n.services.formatter;
    formatter?.add('clock', (value: Date, locale = locales[0]) => clockText(value, locale));
    formatter?.add('wait', (value: Wait, locale = locales[0]) => waitText(value, locale));
  }

  /**
   * A text in a language.
   * @throws RangeError if a value that the text names was not given
   */
  t(locale: Locale, key: TextKey, values: TextValues = {}): string {
    // Values may hold what a stranger typed, so i18next must not look for references (`$t(...)`) in the result.
    return this.i18n.t(key, { lng: locale, replace: values, count: countOf(values), nest: false });
  }

  /** A list of sentences in a language. */
  list(locale: Locale, key: ListKey, values: TextValues = {}): string[] {
    return this.i18n.t(key, { lng: locale, replace: values, nest: false, returnObjects: true }) as string[];
  }
}

/** Browsers send a tenth of it. What is longer is not read: each language in it is held against each of ours. */
const ACCEPT_LANGUAGE_LENGTH_MOST = 1000;

/** The best language for an `Accept-Language` header (RFC 9110, 12.5.4), or for a language tag: `de-AT` is `de`. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  // Apps that are no browser send none.
  if (acceptLanguage === undefined || acceptLanguage.length > ACCEPT_LANGUAGE_LENGTH_MOST) return locales[0];
  const negotiator = new Negotiator({ headers: { 'accept-language': acceptLanguage } });
  const best = negotiator.language([...locales]);
  return locales.find((locale) => locale === best) ?? locales[0];
}

function readCatalogue(locale: Locale): Resource[string][string] {
  return JSON.parse(readFileSync(path.join(projectRoot, 'locales', `${locale}.json`), 'utf8'));
}

function countOf(values: TextValues): number | undefined {
  return typeof values.count === 'number' ? values.count : undefined;
}
