/** Between two digits of one code: a blank or a dash, and marks that only say which way to read. */
const GROUPS = /\d(?:[\p{Zs}\p{Pd}]?\d)*/gu;

/**
 * The code in what was typed or pasted, in ASCII: digits of any script and width, and what stands around them left out.
 * @param length of the code; where no group of digits has it, all digits there are, as many as that
 */
export function codeIn(typed: string, length: number): string {
  const text = inAscii(typed);
  const alone = [...text.matchAll(/\d+/g), ...text.matchAll(GROUPS)].map(([digits]) => digits.replace(/\D/g, ''));
  return alone.find((digits) => digits.length === length) ?? text.replace(/\D/g, '').slice(0, length);
}

/** Every decimal digit as the ASCII one of its value; marks of direction and joining left out. */
function inAscii(text: string): string {
  return text.replace(/\p{Cf}/gu, '').replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)));
}

/** Unicode has digits in tens, from zero to nine, here and there several tens in a row (Unicode 4.6). */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return (point - first) % 10;
}
