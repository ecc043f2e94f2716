import { registerDecorator } from 'class-validator';

// Control, format (zero-width, bidi), surrogate, private-use and line separators: what a person cannot see.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
// Joiners that emoji and several scripts need inside a name.
const joiners = /[\u200c\u200d]/g;

/** Whether a text has `min` to `max` characters (code points), all of which a person can see. */
export function isPlainText(text: unknown, { min, max }: { min: number; max: number }): boolean {
  if (typeof text !== 'string') return false;
  const length = [...text.trim()].length;
  return length >= min && length <= max && !invisible.test(text.replace(joiners, ''));
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
