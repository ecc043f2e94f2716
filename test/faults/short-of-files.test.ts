import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { TestDatabase } from '../support/database.js';

const program = path.join(import.meta.dirname, '../support/short-of-files.js');
const each = (outcome: string) => ({ password: outcome, push: outcome, queue: outcome });

test('what could not be loaded while no file could be opened works once files can be, and ends when it is told to', async () => {
  await using database = await TestDatabase.create();
  // A limit of this machine may be a million.
  const command = 'ulimit -n 256; exec "$0" "$@"';
  const args = ['-c', command, process.execPath, program, database.url];
  const { stdout } = await promisify(execFile)('sh', args, { timeout: 25_000 });
  expect(JSON.parse(stdout)).toEqual({ before: each('fails'), after: each('works'), isWorking: true });
});
