// Removes a folder of the project, whatever the shell: node scripts/clean.cjs dist-test

// biome-ignore-all lint/style/useNodejsImportProtocol: like prepare.cjs, for any Node.
'use strict';

const fs = require('fs');
const path = require('path');

const project = fs.realpathSync(path.join(__dirname, '..'));
const asked = path.resolve(project, process.argv[2] || '');
const parent = path.dirname(asked);
// Links in the path must not lead outside either; the last part, if it is a link, is removed as such.
const target = fs.existsSync(parent) ? path.join(fs.realpathSync(parent), path.basename(asked)) : asked;

if (!target.startsWith(project + path.sep)) {
  process.stderr.write(`clean: give a folder inside the project, not '${process.argv[2] || ''}'.\n`);
  process.exit(1);
}
fs.rmSync(target, { recursive: true, force: true });
