// Types and documents of the web client's operations, from schema.graphql: npm run web:operations writes them,
// with --print they go to standard output.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';

const project = path.join(import.meta.dirname, '..');
const read = (name) => parse(readFileSync(path.join(project, name), 'utf8'));
const source = 'src/web/api/operations.graphql';
const target = 'src/web/api/operations.ts';

const generated = await codegen({
  schema: read('schema.graphql'),
  documents: [{ location: source, document: read(source) }],
  filename: target,
  config: {
    scalars: { DateTime: 'string', EmailAddress: 'string', ID: 'string' },
    enumsAsTypes: true,
    useTypeImports: true,
    dedupeFragments: true,
    immutableTypes: true,
  },
  pluginMap: { typescriptOperations, typedDocumentNode },
  plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
});

const text = `// Written by npm run web:operations from operations.graphql and schema.graphql.\n\n${generated}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(path.join(project, target), text);
