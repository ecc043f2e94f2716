// npm run check: runs every check of package.json, also after one has failed, and says at the end which did.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));

const failed = checks.filter((name) => {
  process.stdout.write(`\n${name}\n`);
  // Through the shell, since npm is a .cmd on Windows; the names come from package.json.
  const { status } = spawnSync(`npm run --silent ${name}`, { shell: true, stdio: 'inherit' });
  return status !== 0;
});

process.stdout.write(`\n${failed.length === 0 ? 'All checks pass.' : `Failed: ${failed.join(', ')}`}\n`);
if (failed.length > 0) process.exitCode = 1;
