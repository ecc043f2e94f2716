import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import account from '../locales/en/account.json';
import common from '../locales/en/common.json';
import prompts from '../locales/en/prompts.json';
import signIn from '../locales/en/signIn.json';
import { Kept } from '../session/kept.ts';

/** The languages that there are, by the name that each has for itself. */
export const languages = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  pt: 'Português',
  ru: 'Русский',
} as const;

export type Language = keyof typeof languages;

/** Kept by the browser: the language that a person chose here, over that of the browser. */
const chosen = new Kept('localStorage', 'doorstep-language');

const english = { common, signIn, account, prompts };
const namespaces = Object.keys(english);
// Each other language is a handful of small files that are fetched when it is first shown; English is always there.
const files = import.meta.glob<Record<string, unknown>>(
  ['../locales/*/*.json', '!../locales/en/*.json', '!../locales/*/worker.json'],
  { import: 'default' },
);

/** Starts in the language that was chosen here before, else in the browser's first one that there is. */
export async function startTexts(): Promise<i18n> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    ns: namespaces,
    defaultNS: 'common',
    resources: { en: english },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  // Better in English than not at all.
  await speak(firstLanguage()).catch(() => speak('en'));
  return i18next;
}

/** Shows the pages in a language from now on. */
export async function choose(language: Language): Promise<void> {
  chosen.write(language);
  // Where its texts cannot be fetched, the language stays as it is, and the choice counts from the next visit on.
  await speak(language).catch(() => undefined);
}

async function speak(language: Language): Promise<void> {
  await Promise.all(
    namespaces.map(async (namespace) => {
      if (i18next.hasResourceBundle(language, namespace)) return;
      const texts = await files[`../locales/${language}/${namespace}.json`]?.();
      i18next.addResourceBundle(language, namespace, texts ?? {});
    }),
  );
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = i18next.dir(language);
}

function firstLanguage(): Language {
  const wanted = [chosen.read(), ...navigator.languages].map((tag) => tag?.split('-')[0]?.toLowerCase());
  return wanted.find((tag): tag is Language => tag !== undefined && tag in languages) ?? 'en';
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: typeof english;
  }
}
