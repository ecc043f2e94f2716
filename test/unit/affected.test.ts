import path from 'node:path';
import { expect, test } from '@jest/globals';
import { affectedBy } from '../affected/affected.js';
import { readImports } from '../affected/imports.js';
import type { Guard } from '../guards/guard.js';
import { guards } from '../guards/guards.js';

const guardOf = (file: string, noticedBy = 'far'): Guard => ({
  name: `guard-of-${file}`,
  keeps: 'something',
  edits: [{ file, find: 'a', replace: 'b' }],
  noticedBy: [noticedBy, 'a test'],
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
  ['test/faults/killed.test.ts', ['src/wire/app.ts']],
]);

test('an edit is answered by the unit suites that reach it, however far', () => {
  expect(affectedBy(['src/codes/codes.ts'], imports, []).unit).toEqual([
    'test/unit/codes.test.ts',
    'test/unit/deep.test.ts',
  ]);
});

test('an edit is answered by the tests that notice its guards soon, and by those of no other guard', () => {
  const all = [
    guardOf('codes/codes.ts'),
    guardOf('wire/app.ts'),
    guardOf('codes/codes.ts', 'killed'),
    guardOf('codes/codes.ts', 'codes'),
  ];
  expect(affectedBy(['src/codes/codes.ts'], imports, all)).toMatchObject({
    noticing: [{ suite: 'test/attacks/far.test.ts', title: 'a test', guard: 'guard-of-codes/codes.ts' }],
    near: [],
    left: 3,
  });
});

test('an edit is answered by the suites with a store that import it, and the rest are counted', () => {
  const plan = affectedBy(['src/wire/app.ts'], imports, []);
  expect(plan).toMatchObject({ near: ['test/features/wire/app.test.ts'], left: 3 });
});

test('an edit that no suite imports and no guard is in is answered by the suites of its room', () => {
  expect(affectedBy(['src/codes/codes.ts'], imports, [])).toMatchObject({
    near: ['test/features/codes/room.test.ts'],
    left: 3,
  });
});

test('a suite that has changed is run', () => {
  for (const suite of ['test/attacks/far.test.ts', 'test/faults/killed.test.ts']) {
    expect(affectedBy([suite], imports, [])).toMatchObject({ near: [suite], left: 0 });
  }
  expect(affectedBy(['test/unit/other.test.ts'], imports, []).unit).toEqual(['test/unit/other.test.ts']);
});

test('an edit that nothing reaches runs nothing', () => {
  expect(affectedBy(['README.md'], imports, [])).toEqual({ unit: [], noticing: [], near: [], left: 0 });
});

test('what the compiler tells of the imports has this file, the product in full and every file of a guard', () => {
  const found = readImports();
  // By value alone, which the types of it do not tell.
  expect(found.get('src/wiring/app.ts')).toContain('src/wiring/api-app.ts');
  expect(found.get('test/unit/affected.test.ts')).toContain('test/affected/imports.ts');
  expect(found.get('src/server.ts')).toContain('src/wiring/process.ts');
  const files = guards.flatMap(({ edits }) => edits.map(({ file }) => path.posix.join('src', file)));
  // The web client is built by other means, and no suite is compiled with it.
  const compiled = files.filter((file) => !file.startsWith('src/web/'));
  expect(compiled.filter((file) => !found.has(file))).toEqual([]);
});
