import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, findBreakingChanges, findDangerousChanges, isObjectType } from 'graphql';
import { projectRoot } from '../../src/config/project.js';

// What clients were promised. It may be added to when the API grows; what is in it stays.
const promise = read('test/fixtures/contract.graphql');
const schema = read('schema.graphql');
const backendPromise = read('test/fixtures/backend.graphql');
const backendSchema = read('backend.graphql');

/** What products' backends were promised and is not there yet: the types and fields of subjects and verifications. */
const later: readonly string[] = [];

/** Dangerous to clients that do not expect growth; ours are told to. */
const growth = [
  'TYPE_ADDED_TO_UNION',
  'VALUE_ADDED_TO_ENUM',
  'OPTIONAL_INPUT_FIELD_ADDED',
  'OPTIONAL_ARG_ADDED',
  'IMPLEMENTED_INTERFACE_ADDED',
];

function read(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

/** In what the API differs from the promise so that a client would notice. */
function breaksOf(promised: string, emitted: string): string[] {
  const [before, after] = [buildSchema(promised), buildSchema(emitted)];
  const dangerous = findDangerousChanges(before, after).filter(({ type }) => !growth.includes(type));
  return [...findBreakingChanges(before, after), ...dangerous].map(({ description }) => description);
}

describe('schema.graphql', () => {
  test('tells beside each instant that somebody waits for how long that is: no clock of a client decides', () => {
    const types = Object.values(buildSchema(schema).getTypeMap()).filter(isObjectType);
    const awaited = types.flatMap((type) =>
      Object.keys(type.getFields())
        .filter((field) => /(expires|retry|resend)At$/i.test(field))
        .map((field) => [`${type}.${field}`, `${field.slice(0, -2)}InSeconds` in type.getFields()] as const),
    );
    expect(awaited.length).toBeGreaterThan(7);
    expect(awaited.filter(([, hasSeconds]) => !hasSeconds)).toEqual([]);
  });

  test('keeps every promise of the contract', () => {
    expect(breaksOf(promise, schema)).toEqual([]);
  });

  test.each([
    ['a field is gone', 'SignedOut { sessionsEnded: Int! }', 'SignedOut { ended: Int! }'],
    ['what was always there may be null', 'sessionExpiresAt: DateTime!', 'sessionExpiresAt: DateTime'],
    [
      'an argument must be given',
      'code: String!, trustDevice: Boolean! = true',
      'code: String!, trustDevice: Boolean!',
    ],
    ['a default is another', 'days: Int! = 30', 'days: Int! = 7'],
    ['a result has lost a member', 'TwoStepDisabled | WrongPassword', 'TwoStepDisabled'],
    ['an enum has lost a value', 'enum VerificationMethod {', 'enum VerificationMethod { OTHER } enum Former {'],
  ])('would break it where %s', (_what, promised, changed) => {
    expect(breaksOf(promise, promise.replace(promised, changed))).not.toEqual([]);
  });

  test('may grow', () => {
    const grown = promise
      .replace('enum DeliveryReason {', 'enum DeliveryReason { NEWER')
      .replace('days: Int!', 'zone: String, days: Int!');
    expect(grown).not.toBe(promise);
    expect(breaksOf(promise, grown)).toEqual([]);
  });
});

describe('backend.graphql', () => {
  test('keeps every promise but those that are for later', () => {
    expect(breaksOf(backendPromise, backendSchema).sort()).toEqual([...later].sort());
  });
});
