import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';

// docs/architecture.md tells how the rooms of src/ stand above each other, and who writes which table: the code is held to it.

const document = readFileSync(path.join(projectRoot, 'docs/architecture.md'), 'utf8');

/** The rows of the table under a heading, without its head, each as its cells. */
function rowsUnder(heading: string): string[][] {
  const section = document.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

/** The rooms, those below first. */
const layers = rowsUnder('Rooms').map(([rooms = '', , imports = '']) => ({ rooms: named(rooms), imports }));
const heightOf = new Map(layers.flatMap(({ rooms }, height) => rooms.map((room) => [room, height] as const)));

const folder = path.join(projectRoot, 'src');
const files = globSync('**/*.ts', { cwd: folder }).filter((file) => !file.startsWith('web/'));
const importsOf = new Map(
  files.map((file) => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const targets = [...text.matchAll(/(?:\bfrom |\bimport\()'(\.[^']+)\.js'/g)].map(
      ([, to = '']) => `${path.posix.join(path.posix.dirname(file), to)}.ts`,
    );
    return [file, targets.filter((target) => files.includes(target))] as const;
  }),
);

/** The root holds the entry points, which stand above all. */
const roomOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : 'entry points');

test('every room has its place', () => {
  expect([...heightOf.keys()].sort()).toEqual([...new Set(files.map(roomOf))].sort());
});

test('imports point down', () => {
  const upward = [...importsOf].flatMap(([file, targets]) =>
    targets
      .filter((target) => {
        const [from = -1, to = -1] = [heightOf.get(roomOf(file)), heightOf.get(roomOf(target))];
        const isBeside = roomOf(file) !== roomOf(target) && from === to;
        const mayNot = layers[from]?.imports === 'none another';
        return to > from || (isBeside && mayNot);
      })
      .map((target) => `${file} -> ${target}`),
  );
  expect(upward).toEqual([]);
});

test('no files and no rooms import each other in a circle', () => {
  expect(circlesIn(importsOf)).toEqual([]);
  const rooms = new Map<string, string[]>();
  for (const [file, targets] of importsOf) {
    const others = targets.map(roomOf).filter((room) => room !== roomOf(file));
    rooms.set(roomOf(file), [...(rooms.get(roomOf(file)) ?? []), ...others]);
  }
  expect(circlesIn(rooms)).toEqual([]);
});

test('a circle is found', () => {
  const circle = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a']],
    ['d', ['a']],
  ]);
  expect(circlesIn(circle)).toEqual(['a', 'b', 'c']);
});

test('the root holds the entry points that are named', () => {
  const [, entries = ''] = document.split('holds the entry points and nothing else:');
  expect(named(entries.split('\n\n')[0] ?? '').sort()).toEqual(files.filter((file) => !file.includes('/')).sort());
});

test('the tables have the writers that are named', () => {
  const told = rowsUnder('Who writes which table').map(([table = '', file = '']) => [
    named(table)[0],
    named(file)[0] ?? null,
  ]);
  const writers = readFileSync(path.join(projectRoot, 'test/unit/writers.test.ts'), 'utf8');
  const held = [...writers.matchAll(/^ {2}(\w+): (?:'([^']+)'|null),$/gm)].map(([, table, file]) => [
    table,
    file ?? null,
  ]);
  expect(told).toEqual(held);
});

/** What can be reached from itself. */
function circlesIn(arrows: ReadonlyMap<string, readonly string[]>): string[] {
  return [...arrows.keys()].filter((start) => {
    const seen = new Set<string>();
    const open = [...(arrows.get(start) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === start) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(arrows.get(next) ?? []));
    }
    return false;
  });
}
