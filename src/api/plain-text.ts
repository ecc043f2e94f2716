import 'reflect-metadata';
import { BadUserInput } from './errors.js';

// Control, format (zero-width, bidi), lone surrogates and private use: what a person cannot see.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u;
// What stands for itself although its parts are hidden: joiners, which emoji and several scripts need inside a name, and
// the flag of a region (UTS #51, ED-14a), whose tags follow a black flag.
const whole = /[\u200c\u200d]|\u{1f3f4}[\u{e0020}-\u{e007e}]{1,6}\u{e007f}/u;
const wholeOrInvisible = new RegExp(`(${whole.source})|${invisible.source}`, 'gu');

// What is allowed but shows nothing by itself: joiners and selectors, letters that only fill (Hangul), empty Braille.
const blank = /[\p{Default_Ignorable_Code_Point}\s\u2800]/gu;

/** UTF-16 units for each character that a text may have, blanks around it included; what is past that is not looked at. */
const UNITS_PER_CHARACTER = 4;

/** How many characters a text has, at least and at most. */
interface Bounds {
  readonly min: 0 | 1;
  readonly max: number;
}

const BOUNDS = Symbol('the bounds of a text');

/** Says of a property of an input type that it is a text that is only shown, of at most `max` characters. */
export function PlainText(bounds: Bounds): PropertyDecorator {
  return Reflect.metadata(BOUNDS, bounds);
}

/**
 * Makes the texts of an input, and of those within it, what may be shown; an optional one of which nothing is left is null.
 * @param field the argument's name
 * @throws BadUserInput that names the first property of which nothing is left, as `input.device.name`
 */
export function plainTextsIn(input: unknown, field = 'input'): void {
  if (typeof input !== 'object' || input === null) return;
  for (const [property, value] of Object.entries(input)) {
    const place = `${field}.${property}`;
    const bounds: Bounds | undefined = Reflect.getMetadata(BOUNDS, input, property);
    if (bounds && typeof value === 'string') Reflect.set(input, property, plainText(value, bounds, place) || null);
    plainTextsIn(value, place);
  }
}

/**
 * A text as it may be shown: what cannot be seen is left out, blanks are one each and none around it, and what is too long
 * is cut. It is no credential: whoever's device has an odd name must get in all the same.
 * @throws BadUserInput that names the field, if nothing is left of a text that has to be there
 */
export function plainText(text: string, { min, max }: Bounds, field: string): string {
  const seen = text
    .slice(0, UNITS_PER_CHARACTER * max)
    .replace(/\s+/g, ' ')
    .replace(wholeOrInvisible, '$1')
    .trim();
  const plain = seen.replace(blank, '') === '' ? '' : cut(seen, max);
  if (plain === '' && min > 0) throw new BadUserInput(field, 'must have a character that can be seen');
  return plain;
}

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The first `max` code points, without a part of what is seen as one. */
function cut(text: string, max: number): string {
  if ([...text].length <= max) return text;
  let [short, length] = ['', 0];
  for (const { segment } of characters.segment(text)) {
    length += [...segment].length;
    if (length > max) break;
    short += segment;
  }
  // One that is too long all by itself.
  return (short || [...text].slice(0, max).join('')).trim();
}
