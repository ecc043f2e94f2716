import 'reflect-metadata';
import { BadUserInput } from './errors.js';

// Control, format (zero-width, bidi), surrogate, private-use and line separators: what a person cannot see.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
// Joiners that emoji and several scripts need inside a name.
const joiners = /[\u200c\u200d]/g;

// What is allowed but shows nothing by itself: joiners and selectors, letters that only fill (Hangul), empty Braille.
const blank = /[\p{Default_Ignorable_Code_Point}\s\u2800]/gu;

/** UTF-16 units for each character that a text may have, blanks around it included; past that it is not looked at. */
const UNITS_PER_CHARACTER = 4;

/** How many characters a text has, at least and at most. */
interface Bounds {
  readonly min: number;
  readonly max: number;
}

const BOUNDS = Symbol('the bounds of a text');

/** Says of a property of an input type that it is a text of `min` to `max` visible characters, where it is given. */
export function PlainText(bounds: Bounds): PropertyDecorator {
  return Reflect.metadata(BOUNDS, bounds);
}

/**
 * Holds an input, and those within it, to what is said of their texts.
 * @param field the argument's name
 * @throws BadUserInput that names the first property at fault, as `input.device.name`
 */
export function checkPlainTexts(input: unknown, field = 'input'): void {
  if (typeof input !== 'object' || input === null) return;
  for (const [property, value] of Object.entries(input)) {
    const place = `${field}.${property}`;
    const bounds: Bounds | undefined = Reflect.getMetadata(BOUNDS, input, property);
    if (bounds && value !== undefined && value !== null) checkPlainText(value, bounds, place);
    checkPlainTexts(value, place);
  }
}

/**
 * Holds a text to `min` to `max` characters (code points), none of them hidden.
 * @throws BadUserInput that names the field
 */
export function checkPlainText(text: unknown, { min, max }: Bounds, field: string): void {
  const isPlain =
    typeof text === 'string' &&
    text.length <= UNITS_PER_CHARACTER * max &&
    !invisible.test(text.replace(joiners, '')) &&
    [...text.replace(blank, '')].length >= min &&
    [...text.trim()].length <= max;
  if (!isPlain) throw new BadUserInput(field, `must be ${min} to ${max} characters without control characters`);
}
