import { registerDecorator } from 'class-validator';

// Control, format (zero-width, bidi), surrogate, private-use and line separators: what a person cannot see.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
// Joiners that emoji and several scripts need inside a name.
const joiners = /[\u200c\u200d]/g;

// What is allowed but shows nothing by itself: joiners and selectors, letters that only fill (Hangul), empty Braille.
const blank = /[\p{Default_Ignorable_Code_Point}\s\u2800]/gu;

/** Whether a text has up to `max` characters (code points), none of them hidden, and `min` that a person can see. */
export function isPlainText(text: unknown, { min, max }: { min: number; max: number }): boolean {
  if (typeof text !== 'string' || invisible.test(text.replace(joiners, ''))) return false;
  return [...text.replace(blank, '')].length >= min && [...text.trim()].length <= max;
}

/** Validates a property of an input type: a text of `min` to `max` visible characters, where it is given. */
export function PlainText(bounds: { min: number; max: number }): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'plainText',
      target: target.constructor,
      propertyName: String(property),
      options: { message: `must be ${bounds.min} to ${bounds.max} characters without control characters` },
      validator: { validate: (value) => value === undefined || value === null || isPlainText(value, bounds) },
    });
}
