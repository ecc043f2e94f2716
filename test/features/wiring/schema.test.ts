import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { buildSchema, validateSchema } from 'graphql';
import { projectRoot } from '../../../src/config/project.js';

test.each(['schema.graphql', 'backend.graphql'])(
  '%s is what the code says: `npm run schema` writes it anew',
  (name) => {
    const program = path.join(import.meta.dirname, '../../../src/write-schema.js');
    const emitted = execFileSync(process.execPath, [program, '--print', name], { encoding: 'utf8' });
    expect(readFileSync(path.join(projectRoot, name), 'utf8')).toBe(emitted);
  },
);

test.each(['schema.graphql', 'backend.graphql'])('%s is sound, which no start looks at', (name) => {
  const schema = buildSchema(readFileSync(path.join(projectRoot, name), 'utf8'), { assumeValid: true });
  expect(validateSchema(schema)).toEqual([]);
});
