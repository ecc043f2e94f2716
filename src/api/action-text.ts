import { BadUserInput } from './errors.js';

/** What a code is asked for, as a person reads it before typing that code. */
export interface ActionText {
  readonly title: string;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
}

const TITLE_LENGTH = 80;
const LABEL_LENGTH = 32;
const VALUE_LENGTH = 64;
const FIELDS = 5;

/** UTF-16 units that the parts of one character of NFC can have; what is longer than that is not looked at. */
const UNITS_PER_CHARACTER = 4;

/** Marks above, below and around one character: Vietnamese and Arabic need two. */
const STACKED_MARKS = 2;
/** The same in scripts whose ordinary words have more. */
const STACKED_MARKS_OF_TALL_SCRIPTS = 4;
/** With those that have a place of their own beside it. */
const MARKS = 6;

/**
 * An action as its text may be shown, word for word: a code will stand for it, so nothing is mended in silence. In NFC, so
 * that what looks the same is the same; a character that this version of Unicode does not know is refused, for a later one
 * may normalise it otherwise.
 * @throws BadUserInput that names the field, as `input.action.fields[1].value`
 */
export function actionText({ title, fields }: ActionText, field: string): ActionText {
  if (fields.length > FIELDS) throw new BadUserInput(`${field}.fields`, `must be at most ${FIELDS}`);
  return {
    title: shownText(title, TITLE_LENGTH, `${field}.title`),
    fields: fields.map(({ label, value }, at) => ({
      label: shownText(label, LABEL_LENGTH, `${field}.fields[${at}].label`),
      value: shownText(value, VALUE_LENGTH, `${field}.fields[${at}].value`),
    })),
  };
}

function shownText(text: string, max: number, field: string): string {
  if (text.length > UNITS_PER_CHARACTER * max) throw tooLong(field, max);
  const normal = text.normalize('NFC');
  if (normal === '') throw new BadUserInput(field, 'must not be empty');
  if ([...normal].length > max) throw tooLong(field, max);
  for (const [refused, why] of refusals) {
    const [found] = refused.exec(normal) ?? [];
    if (found !== undefined) throw new BadUserInput(field, `must not have ${why} (${codePointsOf(found)})`);
  }
  for (const [marks] of normal.matchAll(/\p{M}+/gu)) {
    if (isStacked(marks)) throw new BadUserInput(field, `must not have stacked marks (${codePointsOf(marks)})`);
  }
  return normal;
}

function tooLong(field: string, max: number): BadUserInput {
  return new BadUserInput(field, `must have at most ${max} characters`);
}

// The first that is found is told, so the narrower ones stand before `\p{C}`.
const refusals: readonly (readonly [RegExp, string])[] = [
  [/[\n\v\f\r\u0085\p{Zl}\p{Zp}]/u, 'a line break'],
  // The signs for line breaks and other controls.
  [/[\u00b6\u204b\u21b2\u21b5\u23ce\u2400-\u243f\u2b90\u2b91]/u, 'a sign that stands for a line break or a control'],
  [/\p{Bidi_Control}/u, 'a bidirectional control'],
  // Unassigned, private use and lone surrogates with the controls and formats; letters and signs that only fill; what
  // stands where something was lost.
  [
    /[\p{C}\p{Default_Ignorable_Code_Point}\u2800\ufffc\ufffd\u{13441}\u{13442}\u{16fe4}\u{1d159}]/u,
    'a character that cannot be seen',
  ],
  [/^\p{Zs}|\p{Zs}$/u, 'a blank at its beginning or end'],
  [/\p{Zs}{2,}/u, 'several blanks in a row'],
  [/(?:^|\p{Zs})\p{M}/u, 'a mark that stands on nothing'],
  // Parts of Korean syllables that make none: they stand upon each other, as many as there are.
  [/[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u, 'a part of a syllable'],
];

function isStacked(marks: string): boolean {
  const stacked = marks.match(/[\p{Mn}\p{Me}]/gu) ?? [];
  const most = /^[\p{Script=Hebrew}\p{Script=Myanmar}\p{Script=Tibetan}]+$/u.test(marks)
    ? STACKED_MARKS_OF_TALL_SCRIPTS
    : STACKED_MARKS;
  return stacked.length > most || [...marks].length > MARKS;
}

/** As `U+202E`, the first few: what cannot be seen is told so. */
function codePointsOf(text: string): string {
  return [...text]
    .slice(0, 4)
    .map((character) => `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`)
    .join(' ');
}
