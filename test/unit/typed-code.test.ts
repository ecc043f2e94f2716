import { describe, expect, test } from '@jest/globals';
import { typedCode } from '../../src/codes/codes.js';

const digitsOf = (system: string) => {
  const digits = new Intl.NumberFormat(`en-u-nu-${system}`, { useGrouping: false, minimumIntegerDigits: 10 });
  return digits.format(123_456_789);
};

/** Those whose ten digits are digits: there are numbering systems of letters and of signs (Han) too. */
const systems = Intl.supportedValuesOf('numberingSystem').filter((system) => /^\p{Nd}{10}$/u.test(digitsOf(system)));

describe('a typed code', () => {
  test('may be in the digits of any script and width', () => {
    expect(systems).toEqual(
      expect.arrayContaining(['latn', 'arab', 'arabext', 'deva', 'fullwide', 'mathmono', 'thai']),
    );
    for (const system of systems) expect([system, typedCode(digitsOf(system))]).toEqual([system, '0123456789']);
  });

  test('is known in every digit that Unicode has', () => {
    const all = Array.from({ length: 0x110000 }, (_, at) => at).filter(
      (at) => (at < 0xd800 || at > 0xdfff) && /\p{Nd}/u.test(String.fromCodePoint(at)),
    );
    expect(all.length).toBeGreaterThan(700);
    const typed = all.map((at) => typedCode(String.fromCodePoint(at))).join('');
    expect(typed).toBe('0123456789'.repeat(all.length / 10));
  });

  test.each([
    ['12 34 56'],
    [' 123456\r\n'],
    ['123\u00a0456'],
    ['123\u2009456'],
    ['12-34-56'],
    ['123–456'],
    ['123—456'],
    ['123‑456'],
    ['123\u2212456'],
    ['１２３－４５６'],
    ['\u200e123456\u200f'],
    ['\u2066123\u2069456'],
    ['\u061c١٢٣٤٥٦'],
    ['۱۲۳ ۴۵۶'],
    ['\ufeff1\u200b2\u200d3\u00ad4\u20605\ufe0f6'],
  ])('is the same with what stands around its digits: %j', (typed) => {
    expect(typedCode(typed)).toBe('123456');
  });

  test.each([
    '',
    ' ',
    '--',
    'abcdef',
    '12345a',
    '1.23456',
    '+123456',
    '①②③④⑤⑥',
    'Ⅷ23456',
    '1e5000',
    '12345\u0301',
    '0'.repeat(101),
  ])('is none where anything else is in it: %j', (typed) => {
    expect(typedCode(typed)).toBeNull();
  });
});
