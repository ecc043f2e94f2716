import type { i18n } from 'i18next';
import { english, type Texts, type Words } from '../worker/words.ts';

/** What no page shows; English is with the worker. */
const files = import.meta.glob<Pick<Texts, 'request' | 'signedOut' | 'test' | 'offline'>>(
  ['../locales/*/worker.json', '!../locales/en/*.json'],
  { import: 'default' },
);

/** What the service worker needs to speak as the pages do: in their language, and of the product by its name. */
export async function wordsOf(texts: i18n, productName: string): Promise<Words> {
  const { language } = texts;
  const own = await files[`../locales/${language}/worker.json`]?.();
  const { confirmation, ended, notMe, title }: Texts = texts.getResourceBundle(language, 'prompts');
  const { tryAgain, unreachable }: Texts = texts.getResourceBundle(language, 'common');
  return {
    language,
    direction: texts.dir(language),
    productName,
    texts: { ...english, ...own, confirmation, ended, notMe, title, tryAgain, unreachable },
  };
}
