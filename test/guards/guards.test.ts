import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';
import { isTestThere } from '../support/test-files.js';
import { timesFound } from './guard.js';
import { guards } from './guards.js';

const read = (file: string) => readFileSync(path.join(projectRoot, file), 'utf8');

// That each of them is noticed when it is taken out, `npm run guards` shows; it takes minutes.
test('every guard that can be taken out stands in its file exactly once', () => {
  const lost = guards.flatMap(({ name, edits }) =>
    edits.filter(({ file, find }) => timesFound(find, read(`src/${file}`)) !== 1).map(({ find }) => [name, find]),
  );
  expect(lost).toEqual([]);
});

test('every guard changes something when it is taken out, and has a name of its own', () => {
  for (const { edits } of guards) for (const { find, replace } of edits) expect(replace).not.toBe(find);
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length);
});

test('every test that is to notice a guard is there', () => {
  const missing = guards.filter(({ noticedBy: [file, title] }) => !isTestThere(file, title));
  expect(missing.map(({ name, noticedBy }) => [name, ...noticedBy])).toEqual([]);
});
