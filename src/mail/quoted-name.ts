import type { Locale } from '../texts/texts.js';

const NAME_LENGTH = 64;

const quotationMarks: Record<Locale, readonly [string, string]> = {
  en: ['“', '”'],
  de: ['„', '“'],
  fr: ['«\u00a0', '\u00a0»'],
  es: ['«', '»'],
  pt: ['“', '”'],
  ru: ['«', '»'],
};

/**
 * A device's name as a mail may carry it. Whoever signs in picks that name, so it must not pass for our own words: it
 * stands in quotation marks and holds none itself, nothing in it becomes a link in a mail program (no `://`, `@` or
 * dotted word), no invisible or direction-changing character is left, and it has at most 64 code points.
 * @returns null when nothing is left of it
 */
export function quotedName(name: string, locale: Locale): string | null {
  const plain = name
    // First, so that a full-width `＠` or `．` is seen for what it will be read as.
    .normalize('NFKC')
    .replace(/\s/g, ' ')
    .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '')
    // Blanks, not nothing: what stood on both sides must not join into what was just taken out.
    .replace(/["“”„‟«»〝〞@]|:\/+|(?<=\S)[.。](?=\S)/gu, ' ')
    .replace(/ +/g, ' ')
    .trim();
  const short = [...plain].slice(0, NAME_LENGTH).join('').trim();
  const [opening, closing] = quotationMarks[locale];
  return short ? `${opening}${short}${closing}` : null;
}
