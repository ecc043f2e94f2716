// Runs before npm start, npm run api, npm run worker, npm test and npm pack: says what is missing, and builds what has
// changed.
//   node scripts/prepare.cjs [--tests] [--packages] [--force]
//
// Old versions of Node must be able to read this far to say which one is needed: CommonJS, and syntax of Node 12.

// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know it.
'use strict';

const childProcess = require('child_process');
const fs = require('fs');
const path = require('path');

const NEEDED_NODE = 24;
const project = path.join(__dirname, '..');
const isForced = process.argv.includes('--force');
const withTests = process.argv.includes('--tests');
const onlyPackages = process.argv.includes('--packages');

const compiler = path.join('@doorstep', 'typescript', 'bin', 'tsc');
const compile = (configuration, draft) => [
  ...['--project', path.join(project, configuration), '--outDir', draft],
  ...['--tsBuildInfoFile', path.join(draft, '.tsbuildinfo')],
];

/**
 * What is built: from which sources, into which folder, and by which program of node_modules. A compiler remembers in the
 * folder what it has done; `root` is where its sources lie as its results do in the folder.
 */
const serverPackage = {
  what: 'the package for backends',
  folder: path.join(project, 'packages', 'server', 'dist'),
  sources: ['src', 'tsconfig.json'].map((name) => path.join('packages', 'server', name)).concat('tsconfig.json'),
  root: path.join(project, 'packages', 'server', 'src'),
  program: compiler,
  options: (draft) => compile(path.join('packages', 'server', 'tsconfig.json'), draft),
};
const productParts = [
  {
    what: 'Doorstep',
    folder: path.join(project, 'dist'),
    sources: ['src', 'package.json', 'tsconfig.json'],
    except: path.join(project, 'src', 'web'),
    root: path.join(project, 'src'),
    program: compiler,
    options: (draft) => compile('tsconfig.json', draft),
  },
  {
    what: 'the web client',
    folder: path.join(project, 'dist-web'),
    sources: [path.join('src', 'web'), 'package.json'],
    program: path.join('vite', 'bin', 'vite.js'),
    options: (draft) => [
      ...['build', path.join(project, 'src', 'web'), '--config', path.join(project, 'src', 'web', 'vite.config.ts')],
      ...['--outDir', draft, '--logLevel', 'warn'],
    ],
  },
];
const parts = onlyPackages ? [serverPackage] : productParts;
if (withTests) {
  parts.push(serverPackage, {
    what: 'the tests',
    folder: path.join(project, 'dist-test'),
    // `src` too, since they are checked against its types.
    sources: ['test', 'bench', 'migrations', 'src', 'package.json', 'tsconfig.json', 'tsconfig.test.json'],
    except: path.join(project, 'src', 'web'),
    root: project,
    program: compiler,
    options: (draft) => compile('tsconfig.test.json', draft),
    // What they import from ../src is what runs; a junction is the link that Windows lets everybody make.
    links: [
      ['src', path.join('..', 'dist')],
      ['packages', path.join('..', 'packages')],
    ],
  });
}

function main() {
  if (!fs.existsSync(path.join(project, 'node_modules'))) fail('There is no node_modules folder: run npm ci first.');
  if (Number.parseInt(process.versions.node, 10) < NEEDED_NODE) {
    fail(
      `Doorstep needs Node ${NEEDED_NODE} or newer; this is ${process.version}. On Linux (x64, arm64) npm ci brings it ` +
        `for the npm scripts, unless optional packages are left out; on macOS and Windows, install Node ${NEEDED_NODE}.`,
    );
  }
  for (const part of parts) prepare(part);
}

function prepare(part) {
  const sources = part.sources.map((name) => path.join(project, name));
  // An image that ships only what was built.
  if (!fs.existsSync(sources[0])) return;
  const newest = Math.max.apply(
    null,
    sources.map((source) => newestChange(source, part.except)),
  );
  if (isForced || builtFrom(part.folder) !== newest) build(part, newest);
}

/** Builds beside the folder and then takes its place, since another process may be building or running meanwhile. */
function build(part, newest) {
  const program = path.join(project, 'node_modules', part.program);
  if (!fs.existsSync(program)) fail(`${path.basename(program)} is missing from node_modules: run npm ci again.`);
  process.stdout.write(`Building ${part.what} ...\n`);
  removeAbandoned();
  const draft = `${part.folder}.new-${process.pid}`;
  remove(draft);
  if (part.root && !isForced && builtFrom(part.folder) !== null) copyBuild(part.folder, draft);
  const { status, error } = childProcess.spawnSync(process.execPath, [program].concat(part.options(draft)), {
    stdio: 'inherit',
  });
  if (status !== 0) {
    remove(draft);
    fail(`The build failed${error ? `: ${error.message}` : '; see above.'}`);
  }
  if (part.root) removeLeftOver(draft, part.root);
  for (const [name, target] of part.links || []) link(path.join(draft, name), target);
  fs.writeFileSync(stampOf(draft), String(newest));
  // Another process may have built the same meanwhile, and run it already.
  if (!isForced && builtFrom(part.folder) === newest) remove(draft);
  else replace(part.folder, draft);
}

/** Whoever compiles goes on from there: only what a change concerns is done again. */
function copyBuild(folder, draft) {
  fs.cpSync(folder, draft, { recursive: true, verbatimSymlinks: true });
}

/** Removes what was compiled from a source that is gone: tsc never deletes. */
function removeLeftOver(folder, root) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const built = path.join(folder, entry.name);
    const source = path.join(root, entry.name);
    if (entry.isDirectory()) removeLeftOver(built, source);
    const match = /^(.*)\.(?:js|js\.map|d\.ts)$/.exec(source);
    if (match && !fs.existsSync(`${match[1]}.ts`)) remove(built);
  }
}

function link(file, target) {
  if (!fs.existsSync(file)) fs.symlinkSync(target, file, 'junction');
}

/** Several builds may be here at once: what another one put into the place is moved out of it again. */
function replace(folder, draft) {
  for (let tries = 1; ; tries += 1) {
    const old = `${draft}-old`;
    try {
      if (fs.existsSync(folder)) fs.renameSync(folder, old);
      fs.renameSync(draft, folder);
      return remove(old);
    } catch (error) {
      remove(old);
      if (tries < 20) continue;
      remove(draft);
      fail(`The folder ${path.basename(folder)} cannot be replaced: ${error.message}`);
    }
  }
}

/** Removes what killed builds left behind. */
function removeAbandoned() {
  for (const folder of new Set(parts.map((part) => path.dirname(part.folder)))) {
    for (const name of fs.readdirSync(folder)) {
      const match = /^dist(?:-web|-test)?\.new-(\d+)/.exec(name);
      if (match && !isRunning(Number(match[1]))) remove(path.join(folder, name));
    }
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** When anything in a file or folder changed last; a folder's own time tells of what was removed from it. */
function newestChange(target, except) {
  if (target === except) return 0;
  // A link itself: editors leave ones that lead nowhere.
  const stat = fs.lstatSync(target);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = fs.readdirSync(target).map((name) => newestChange(path.join(target, name), except));
  return Math.max.apply(null, [stat.mtimeMs].concat(inside));
}

/** The newest change that a build contains; null if there is no complete build. */
function builtFrom(folder) {
  return fs.existsSync(stampOf(folder)) ? Number(fs.readFileSync(stampOf(folder), 'utf8')) : null;
}

function stampOf(folder) {
  return path.join(folder, '.built-from');
}

function remove(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

main();
