import { tryAgain, unreachable } from '../locales/en/common.json';
import { confirmation, ended, notMe, title } from '../locales/en/prompts.json';
import own from '../locales/en/worker.json';

/**
 * What the worker says, in English: the language that it has with it. The page hands it the texts of the language that it
 * is shown in, out of the same catalogues, so that nobody is sent any of them twice.
 */
export const english = { ...own, confirmation, ended, notMe, title, tryAgain, unreachable };

export type Texts = typeof english;

/** What notifications and the offline page are written with. */
export interface Words {
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  readonly productName: string;
  readonly texts: Texts;
}
