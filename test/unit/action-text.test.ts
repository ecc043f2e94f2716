import { describe, expect, test } from '@jest/globals';
import { type ActionText, actionText } from '../../src/api/action-text.js';
import { ApiError } from '../../src/api/errors.js';

const transfer: ActionText = {
  title: 'Transfer 250.00 € to Ana Müller',
  fields: [
    { label: 'Amount', value: '250,00 €' },
    { label: 'Account', value: 'PT50 0002 0123 1234 5678 9015 4' },
  ],
};

/** What a title is shown as. */
const shown = (title: string) => actionText({ title, fields: [] }, 'input.action').title;

/** Why something is refused, by its field; null where it is not. */
function refusal(action: ActionText): { field: unknown; message: string } | null {
  try {
    actionText(action, 'input.action');
    return null;
  } catch (error) {
    if (!(error instanceof ApiError) || error.extensions.code !== 'BAD_USER_INPUT') throw error;
    return { field: error.extensions.field, message: error.message };
  }
}

/** Asked so often that the stacks of the refusals would take most of the time. */
function isRefused(title: string): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return refusal({ title, fields: [] }) !== null;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

// Most code points stand in long rows of the same: unassigned, private use, surrogates, Han and Korean syllables.
const rows = [/\p{Cn}/u, /\p{Co}/u, /\p{Cs}/u, /\p{Unified_Ideograph}/u, /[\uac00-\ud7a3]/u];
const rowOf = (at: number) => rows.findIndex((row) => row.test(String.fromCodePoint(at)));

/** Every code point, lone surrogates too; of a row of the same the first, the last and some between them. */
const everyCharacter = Array.from({ length: 0x110000 }, (_, at) => at)
  .filter(
    (at) =>
      at % 101 === 0 ||
      rowOf(at) === -1 ||
      at === 0x10ffff ||
      rowOf(at) !== rowOf(at - 1) ||
      rowOf(at) !== rowOf(at + 1),
  )
  .map((at) => String.fromCodePoint(at));

const inWords = (character: string) => `a${character}b`;

describe('the text of an action', () => {
  test('is shown word for word', () => {
    expect(actionText(transfer, 'input.action')).toEqual(transfer);
  });

  test.each([
    'Überweisung an Jürgen Groß — 1.000,00 €',
    'Virement de 1\u202f234,56\u00a0€ à Zoé',
    'Chuyển 5.000.000 ₫ cho Nguyễn Thị Hồng',
    'Оплатить заказ № 4711?',
    '送金：山田　太郎へ ¥10,000',
    '홍길동에게 50,000원 보내기',
    'تحويل ٢٥٠ ريال إلى مُحَمَّد',
    'העברה של 250 ₪ לדנה',
    'שַׁבָּת שָׁלוֹם',
    'ज़िंदगी को ₹500 भेजें',
    'โอนเงิน 500 บาท ให้ น้ำผึ้ง',
    'မန္တလေးမြို့ သို့ ငွေလွှဲပါ',
    'བསྒྲུབས་པ།',
    'Delete “holiday photos” (1 200 files) & pay $5.00 <now> 🎉 🇵🇹 👍🏽',
    'https://example.com/?a=b',
    '$t(problem.WrongCode) {{productName}} <%= it %>',
  ])('may be in any script: %s', (text) => {
    expect(shown(text)).toBe(text.normalize('NFC'));
  });

  test('is in NFC: what looks the same is the same', () => {
    expect(shown('Zoe\u0301')).toBe('Zo\u00e9');
    expect(shown('한')).toBe('한');
    expect(shown('\u212b')).toBe('\u00c5');
  });

  test('is refused by the name of its field', () => {
    const bad = 'pay\u202eme';
    const [amount, account] = transfer.fields as [ActionText['fields'][0], ActionText['fields'][0]];
    const cases: [ActionText, string][] = [
      [{ ...transfer, title: bad }, 'input.action.title'],
      [{ ...transfer, fields: [{ ...amount, label: bad }, account] }, 'input.action.fields[0].label'],
      [{ ...transfer, fields: [amount, { ...account, value: bad }] }, 'input.action.fields[1].value'],
      [{ ...transfer, fields: Array.from({ length: 6 }, () => amount) }, 'input.action.fields'],
    ];
    for (const [action, field] of cases) expect(refusal(action)).toMatchObject({ field });
    expect(refusal({ ...transfer, title: bad })?.message).toContain('U+202E');
    expect(refusal({ ...transfer, title: bad })?.message).not.toContain(bad);
  });

  test('has its bounds in characters, of any plane', () => {
    for (const character of [
      'a',
      'é',
      'e\u0301',
      '漢',
      '🎉',
      '\u{1109a}',
      '\u{11099}\u{110ba}',
      '\u1f82',
      '\u03b1\u0313\u0300\u0345',
    ]) {
      expect(refusal(texts(character, 80, 32, 64))).toBeNull();
      expect(refusal(texts(character, 81, 32, 64))).toMatchObject({ field: 'input.action.title' });
      expect(refusal(texts(character, 80, 33, 64))).toMatchObject({ field: 'input.action.fields[0].label' });
      expect(refusal(texts(character, 80, 32, 65))).toMatchObject({ field: 'input.action.fields[0].value' });
    }
    expect(refusal(texts('a', 0, 32, 64))).toMatchObject({ field: 'input.action.title' });
    expect(refusal(texts('a', 80, 0, 64))).toMatchObject({ field: 'input.action.fields[0].label' });
    expect(refusal(texts('a', 80, 32, 0))).toMatchObject({ field: 'input.action.fields[0].value' });
    expect(refusal({ title: 'a', fields: Array.from({ length: 5 }, () => ({ label: 'a', value: 'b' })) })).toBeNull();
  });

  test('is not read where it is long', () => {
    // Normalising would make it short: a bound that comes after that is none.
    for (const long of [
      'a'.repeat(10_000),
      'e\u0301'.repeat(10_000),
      `e${'\u0301'.repeat(10_000)}`,
      ' '.repeat(10_000),
    ]) {
      expect(refusal({ title: long, fields: [] })?.message).toContain('at most 80 characters');
    }
  });

  test('has no control, format, private, unassigned or lone character, wherever that stands', () => {
    const through = everyCharacter.filter((character) => /\p{C}/u.test(character) && !isRefused(inWords(character)));
    expect(through).toEqual([]);
    for (const unseen of [
      '\u0000',
      '\t',
      '\u007f',
      '\u200b',
      '\u200d',
      '\ufeff',
      '\u2066',
      '\ue000',
      '\ud800',
      '\u0378',
    ]) {
      expect([unseen, `${unseen}ab`, `ab${unseen}`, unseen].map(isRefused)).toEqual([true, true, true, true]);
    }
  });

  test('has nothing that is ignored, moves text or fills in silence', () => {
    const kinds = [
      /\p{Default_Ignorable_Code_Point}/u,
      /\p{Bidi_Control}/u,
      /\p{Variation_Selector}/u,
      /\p{Join_Control}/u,
    ];
    for (const kind of kinds) {
      const those = everyCharacter.filter((character) => kind.test(character));
      expect(those.length).toBeGreaterThan(0);
      expect(those.filter((character) => !isRefused(inWords(character)))).toEqual([]);
    }
    for (const filler of ['\u2800', '\u3164', '\uffa0', '\u115f', '\u034f', '\u{16fe4}', '\ufffc', '\ufffd']) {
      expect([filler, isRefused(inWords(filler))]).toEqual([filler, true]);
    }
  });

  test.each([
    ['\n'],
    ['\r'],
    ['\r\n'],
    ['\u000b'],
    ['\u000c'],
    ['\u001c'],
    ['\u001d'],
    ['\u001e'],
    ['\u0085'],
    ['\u2028'],
    ['\u2029'],
    ['\u240a'],
    ['\u2424'],
    ['\u23ce'],
    ['\u21b5'],
    ['\u00b6'],
  ])('is one line: not %j', (lineBreak) => {
    expect([inWords(lineBreak), lineBreak, `${lineBreak}ab`, `ab${lineBreak}`].map(isRefused)).not.toContain(false);
  });

  test('has blanks between words alone, one by one, of whatever width', () => {
    const blanks = everyCharacter.filter((character) => /\s/u.test(character));
    const between = blanks.filter((blank) => !isRefused(inWords(blank)));
    expect(between).toEqual(everyCharacter.filter((character) => /\p{Zs}/u.test(character)));
    for (const blank of blanks) {
      expect([blank, ` ${blank}`, `${blank}a`, `a${blank}`, `a ${blank}b`, `a${blank} b`].map(isRefused)).not.toContain(
        false,
      );
    }
  });

  test('has two marks on a character at most, and none on nothing', () => {
    const marks = everyCharacter.filter((character) => /[\p{Mn}\p{Me}]/u.test(character.normalize('NFC')[0] ?? ''));
    const tall = /[\p{Script=Hebrew}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
    const through = marks.filter((mark) => !isRefused(`a${mark.repeat(tall.test(mark) ? 5 : 3)}b`));
    // They make one letter with what stands before them: the three are then fewer.
    expect(through.map((mark) => `a${mark.repeat(3)}`.normalize('NFC').length).filter((length) => length > 3)).toEqual(
      [],
    );
    expect(isRefused('q\u0301\u0302')).toBe(false);
    expect(isRefused('q\u0301\u0302\u0303')).toBe(true);
    expect(isRefused('q\u0301\u05b0\u0302\u1037')).toBe(true);
    expect(isRefused(`क${'ि'.repeat(7)}`)).toBe(true);
    expect(isRefused('\u0301a')).toBe(true);
    expect(isRefused('a \u0301b')).toBe(true);
    expect(isRefused(`가${'\u11a8'.repeat(2)}`)).toBe(true);
    expect(isRefused(`a${'\u1161'.repeat(8)}`)).toBe(true);
  });

  test('is the same once more: what was let through is let through as it is', () => {
    for (const character of everyCharacter) {
      if (isRefused(inWords(character))) continue;
      const once = shown(inWords(character));
      expect(shown(once)).toBe(once);
    }
  });
});

/** Texts of so many characters. */
function texts(character: string, title: number, label: number, value: number): ActionText {
  const fields = [{ label: character.repeat(label), value: character.repeat(value) }];
  return { title: character.repeat(title), fields };
}
