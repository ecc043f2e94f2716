import path from 'node:path';
import { expect, test } from '@jest/globals';
import { affectedBy } from '../affected/affected.js';
import { readImports } from '../affected/imports.js';
import type { Guard } from '../guards/guard.js';
import { guards } from '../guards/guards.js';

const guardOf = (file: string): Guard => ({
  name: `guard-of-${file}`,
  keeps: 'something',
  edits: [{ file, find: 'a', replace: 'b' }],
  noticedBy: ['far', 'a test'],
});

const imports = new Map([
  ['src/codes/codes.ts', []],
  ['src/wire/app.ts', ['src/codes/codes.ts']],
  ['test/support/servers.ts', ['src/wire/app.ts']],
  ['test/unit/codes.test.ts', ['src/codes/codes.ts']],
  ['test/unit/deep.test.ts', ['src/wire/app.ts']],
  ['test/unit/other.test.ts', []],
  ['test/features/codes/room.test.ts', ['test/support/servers.ts']],
  ['test/features/wire/app.test.ts', ['src/wire/app.ts']],
  ['test/attacks/far.test.ts', ['test/support/servers.ts']],
]);

test('an edit is answered by the unit suites that reach it, however far', () => {
  expect(affectedBy(['src/codes/codes.ts'], imports, []).unit).toEqual([
    'test/unit/codes.test.ts',
    'test/unit/deep.test.ts',
  ]);
});

test('an edit is answered by the tests that notice its guards, and by no other guards', () => {
  const both = [guardOf('codes/codes.ts'), guardOf('wire/app.ts')];
  expect(affectedBy(['src/codes/codes.ts'], imports, both).guards).toEqual([both[0]]);
});

test('an edit is answered by the suites with a store that import it, and the rest are counted', () => {
  const plan = affectedBy(['src/wire/app.ts'], imports, []);
  expect(plan).toMatchObject({ near: ['test/features/wire/app.test.ts'], left: 2 });
});

test('an edit that no suite imports and no guard is in is answered by the suites of its room', () => {
  expect(affectedBy(['src/codes/codes.ts'], imports, [])).toMatchObject({
    near: ['test/features/codes/room.test.ts'],
    left: 2,
  });
});

test('a suite that has changed is run', () => {
  expect(affectedBy(['test/attacks/far.test.ts'], imports, []).near).toEqual(['test/attacks/far.test.ts']);
  expect(affectedBy(['test/unit/other.test.ts'], imports, []).unit).toEqual(['test/unit/other.test.ts']);
});

test('an edit that nothing reaches runs nothing', () => {
  expect(affectedBy(['README.md'], imports, [])).toEqual({ unit: [], guards: [], near: [], left: 0 });
});

test('what the compiler tells of the imports has this file, the product and every file of a guard', () => {
  const found = readImports();
  expect(found.get('test/unit/affected.test.ts')).toContain('test/affected/imports.ts');
  expect(found.get('src/server.ts')).toContain('src/wiring/process.ts');
  const files = guards.flatMap(({ edits }) => edits.map(({ file }) => path.posix.join('src', file)));
  expect(files.filter((file) => !found.has(file))).toEqual([]);
});
