import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';

/**
 * The first versions without a flaw that would reach us, and the advisory that tells of it (github.com/advisories). It is
 * what must not come back by a pin or an override; what is new, `npm audit` tells.
 */
const floors: readonly (readonly [name: string, version: string, advisory: string])[] = [
  ['@apollo/server', '5.4.0', 'GHSA-mp6q-xf9x-fwf7'],
  ['body-parser', '2.2.1', 'GHSA-wqch-xfxh-vrr4'],
  ['cookie', '0.7.0', 'GHSA-pxg6-pf52-xh8x'],
  ['eta', '2.0.0', 'GHSA-mf6x-hrgr-658f'],
  ['fastify', '5.8.3', 'GHSA-444r-cwp2-x5xf'],
  ['find-my-way', '9.7.0', 'GHSA-c96f-x56v-gq3h'],
  ['graphql', '16.8.1', 'GHSA-9pv7-vfvm-6vr7'],
  ['msgpackr', '1.10.1', 'GHSA-7hpj-7hhx-2fgx'],
  ['nodemailer', '9.1.1', 'GHSA-8m3c-c648-2xjj'],
  ['pg', '7.1.2', 'GHSA-wc9v-mj63-m9g5'],
  ['qs', '6.14.1', 'GHSA-6rw7-vpxm-498p'],
  ['ws', '8.21.0', 'GHSA-96hv-2xvq-fx4p'],
];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

const { packages } = JSON.parse(readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8')) as Lock;

/** Every version of a package that is installed, wherever in the tree. */
function versionsOf(name: string): string[] {
  return Object.entries(packages).flatMap(([place, { version }]) =>
    place.endsWith(`node_modules/${name}`) && version ? [version] : [],
  );
}

function isAtLeast(version: string, floor: string): boolean {
  const [left, right] = [version, floor].map((text) => (text.split('-')[0] ?? '').split('.').map(Number));
  const first = (left ?? []).findIndex((part, nth) => part !== right?.[nth]);
  return first === -1 || (left?.[first] ?? 0) > (right?.[first] ?? 0);
}

test.each(floors)('%s is %s or newer: %s', (name, floor) => {
  const versions = versionsOf(name);
  expect(versions).not.toEqual([]);
  expect(versions.filter((version) => !isAtLeast(version, floor))).toEqual([]);
});

test('versions are compared as numbers, part by part', () => {
  expect(['5.8.3', '5.8.4', '5.10.0', '6.0.0'].every((version) => isAtLeast(version, '5.8.3'))).toBe(true);
  expect(['5.8.2', '5.7.9', '4.29.1'].some((version) => isAtLeast(version, '5.8.3'))).toBe(false);
});
