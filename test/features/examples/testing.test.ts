import { expect, test } from '@jest/globals';
import { commandsIn, Terminal } from '../../support/terminal.js';

// docs/testing.md: a product's own tests, against a Doorstep that they start themselves.

test('the example runs as the document says', async () => {
  const command = commandsIn('docs/testing.md').get('run') ?? 'false';
  await using terminal = Terminal.run(command, '.', { NODE_OPTIONS: '' });
  expect(await terminal.end()).toMatch(/pass 3\n/);
}, 120_000);
