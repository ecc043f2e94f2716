// npm run check:schema: whether schema.graphql and backend.graphql are what the code says.

import { execFileSync, spawnSync } from 'node:child_process';

for (const name of ['schema.graphql', 'backend.graphql']) {
  const input = execFileSync(process.execPath, ['dist/write-schema.js', '--print', name]);
  const options = { input, stdio: ['pipe', 'inherit', 'inherit'] };
  const { status } = spawnSync('git', ['--no-pager', 'diff', '--no-index', '--exit-code', name, '-'], options);
  if (status !== 0) process.exitCode = 1;
}
