import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { projectRoot } from '../../src/config/project.js';
import { readText } from '../support/examples.js';

// docs/your-users.md shows parts of examples/your-own-login, which a test runs in a browser: word for word.

const text = readText('docs/your-users.md');
const example = 'examples/your-own-login';
const parts = [...text.matchAll(/^```\w+ part=([\w./-]+)\n(.*?)^```$/gms)].map(([, file = '', part = '']) => ({
  file,
  part,
  // As its first line is named.
  name: part.trimStart().split('\n')[0] ?? '',
}));

test('it shows parts', () => {
  expect(parts.length).toBeGreaterThan(5);
});

test.each(parts)('the example has $file: $name', ({ file, part }) => {
  const code = readText(`${example}/${file}`);
  const pieces = part.split(/\n\n(?=\S)/).map((piece) => piece.trimEnd());
  expect(pieces.filter((piece) => !code.includes(piece))).toEqual([]);
});

test('what it has copied is there', () => {
  const [, list = ''] = /public\/\{([\w,-]+)\}\.js/.exec(text) ?? [];
  const copied = ['second-step.js', ...list.split(',').map((name) => `public/${name}.js`)];
  expect(copied).toHaveLength(5);
  expect(copied.filter((file) => !existsSync(path.join(projectRoot, example, file)))).toEqual([]);
});

test('it says what each proof leads to, as the example does', () => {
  const handlers = (code: string) => [...code.matchAll(/^ {2}async ([A-Z_]+)\(/gm)].map(([, purpose = '']) => purpose);
  const shown = handlers(text);
  expect(shown).toEqual(expect.arrayContaining(['SIGN_IN', 'ENABLE_TWO_STEP', 'DISABLE_TWO_STEP', 'CONFIRM']));
  expect(shown.sort()).toEqual(handlers(readText(`${example}/app.js`)).sort());
});

test.each([...text.matchAll(/\bask\('(.*?)'/g)].map(([, operation = '']) => operation))(
  'browsers may ask %s',
  (operation) => {
    const schema = buildSchema(readText('schema.graphql'));
    expect(validate(schema, parse(operation))).toEqual([]);
  },
);
