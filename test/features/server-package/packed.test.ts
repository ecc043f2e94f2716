import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';

// @doorstep/server as a product gets it: packed, and unpacked into another project.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'doorstep-product-'));
  run('npm', ['pack', '--workspace', '@doorstep/server', '--pack-destination', folder], projectRoot);
  const own = path.join(folder, 'node_modules', '@doorstep', 'server');
  mkdirSync(own, { recursive: true });
  run('tar', ['-xzf', path.join(folder, 'doorstep-server-0.1.0.tgz'), '--strip-components=1', '-C', own], folder);
  // What npm would fetch: its dependencies, and what a TypeScript project has.
  const { dependencies } = JSON.parse(readFileSync(path.join(own, 'package.json'), 'utf8'));
  mkdirSync(path.join(folder, 'node_modules', '@types'));
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types', 'fastify']) {
    symlinkSync(path.join(projectRoot, 'node_modules', name), path.join(folder, 'node_modules', name), 'junction');
  }
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

test('it is what it says, and nothing else', () => {
  const files = run('tar', ['-tzf', path.join(folder, 'doorstep-server-0.1.0.tgz')], folder)
    .trim()
    .split('\n');
  const others = files.filter((file) => !/^package\/dist\/[\w-]+(\.d\.ts|\.js)$/.test(file));
  expect(others.sort()).toEqual(['package/LICENSE', 'package/README.md', 'package/package.json']);
  expect(files).toContain('package/dist/index.d.ts');
});

test('a program imports it', () => {
  writeFileSync(
    path.join(folder, 'program.js'),
    `import { doorstep, DoorstepError, verifyWebhook } from '@doorstep/server';
     import { requireSession } from '@doorstep/server/express';
     import { requireSession as hook } from '@doorstep/server/fastify';
     import { withSession } from '@doorstep/server/fetch';
     const door = doorstep({ url: 'http://127.0.0.1:1', key: 'key_' + 'A'.repeat(43) });
     const error = await door.check('ses_' + 'A'.repeat(43)).catch((caught) => caught);
     console.log(error instanceof DoorstepError, error.code, await door.check('nonsense'));
     console.log([verifyWebhook, requireSession(door), hook(door), withSession(door, () => new Response())].map((f) => typeof f).join());`,
  );
  expect(run(process.execPath, ['program.js'], folder)).toBe(
    'true UNREACHABLE null\nfunction,function,function,function\n',
  );
});

test('its types hold a program to what it may do', () => {
  const config = {
    compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: ['node'] },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ ...config, files: ['program.ts'] }));
  writeFileSync(
    path.join(folder, 'program.ts'),
    `import { doorstep, type FeedEvent, type LiveSession } from '@doorstep/server';
     import { requireSession } from '@doorstep/server/express';
     const door = doorstep({ url: 'http://localhost:4000', key: 'key' });
     const session: LiveSession | null = await door.check('token', { usedFrom: '::1' });
     // @ts-expect-error It may be null.
     session.accountId.toUpperCase();
     for await (const event of door.feed()) {
       const { type }: FeedEvent = event;
       if (type === 'SESSION_ENDED') break;
       // @ts-expect-error There is no such event.
       if (type === 'NONSENSE') break;
     }
     // @ts-expect-error The key is said.
     doorstep({ url: '' });
     requireSession(door, { optional: true, sessionId: async () => null });
     // @ts-expect-error It is nobody's but its own.
     door.endpoint;
     door.feed satisfies () => AsyncIterable<FeedEvent>;`,
  );
  const tsc = path.join(projectRoot, 'node_modules', '@doorstep', 'typescript', 'bin', 'tsc');
  expect(run(process.execPath, [tsc], folder)).toBe('');
});
