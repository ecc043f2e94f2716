import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';
import type { Run } from '../../../bench/report/result.js';

// A PostgreSQL, a server and a worker start for it.
jest.setTimeout(120_000);

// It reads /proc.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a short benchmark brings figures of every part', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-bench-test-'));
  const file = path.join(folder, 'run.json');
  try {
    const args = ['--only', 'trusted', '--store', 'postgres', '--rounds', '1', '--seconds', '1', '--people', '8'];
    const program = path.join(import.meta.dirname, '../../../bench/run.js');
    expect(await outcomeOf([program, ...args, '--json', file])).toMatchObject({ code: 0 });
    const { measured } = JSON.parse(readFileSync(file, 'utf8')) as Run;
    expect(measured.map(({ name }) => name)).toEqual(['trusted PostgreSQL alone']);
    const { perSecond, p50Ms, serverMs, postgresMs, serverStatements, residentMiB } = measured[0]?.figures ?? {};
    for (const figure of [perSecond, p50Ms, serverMs, postgresMs, serverStatements, residentMiB]) {
      expect(figure).toBeGreaterThan(0);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function outcomeOf(args: readonly string[]): Promise<{ code: number | null; printed: string }> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        printed += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, printed }));
  });
}
