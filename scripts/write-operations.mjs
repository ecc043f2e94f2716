// Types and documents of what is asked of the two schemas: of the web client (npm run web:operations), its service worker
// (npm run worker:operations) and of the package for products' backends (npm run server:operations). With --print they go to
// standard output.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { Kind, parse, print, stripIgnoredCharacters, visit } from 'graphql';

const project = path.join(import.meta.dirname, '..');
const read = (name) => parse(readFileSync(path.join(project, name), 'utf8'));

/** Documents as texts, for who sends them and reads none; and the names under which the package tells of its types. */
const plainDocuments = {
  plugin: (schema, documents, { operationFrom }) => {
    const definitions = documents.flatMap(({ document }) => document.definitions);
    const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
    const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const aliases = fragments.map(({ name: { value: name }, typeCondition }) => {
      const { description } = schema.getType(typeCondition.name.value);
      return `/** ${description} */\nexport type ${name} = ${name}Fragment;`;
    });
    const documentsOf = operations.map((operation) => {
      const name = operation.name.value;
      const type = `${name}${operation.operation[0].toUpperCase()}${operation.operation.slice(1)}`;
      const text = [operation, ...fragmentsOf(operation, fragments)].map(print).join('\n');
      const constant = `${name[0].toLowerCase()}${name.slice(1)}`;
      const query = JSON.stringify(stripIgnoredCharacters(text));
      return `export const ${constant}: Operation<${type}, ${type}Variables> = {\n  query: ${query},\n};`;
    });
    return {
      prepend: [`import type { Operation } from '${operationFrom}';`],
      content: [...aliases, ...documentsOf].join('\n'),
    };
  },
};

function fragmentsOf(node, fragments) {
  const found = new Set();
  visit(node, {
    FragmentSpread({ name }) {
      const fragment = fragments.find((candidate) => candidate.name.value === name.value);
      for (const within of [fragment, ...fragmentsOf(fragment, fragments)]) found.add(within);
    },
  });
  return [...found];
}

const kinds = {
  web: {
    schema: 'schema.graphql',
    source: 'src/web/api/operations.graphql',
    target: 'src/web/api/operations.ts',
    plugins: { typescriptOperations, typedDocumentNode },
  },
  worker: {
    schema: 'schema.graphql',
    source: 'src/web/worker/operations.graphql',
    target: 'src/web/worker/operations.ts',
    plugins: { typescriptOperations, plainDocuments },
    operationFrom: './endpoint.ts',
  },
  server: {
    schema: 'backend.graphql',
    source: 'packages/server/src/operations.graphql',
    target: 'packages/server/src/operations.ts',
    plugins: { typescriptOperations, plainDocuments },
    operationFrom: './endpoint.js',
  },
};

const [name] = process.argv.slice(2);
const { schema, source, target, plugins, operationFrom } = kinds[name];
const generated = await codegen({
  schema: read(schema),
  documents: [{ location: source, document: read(source) }],
  filename: target,
  config: {
    scalars: { DateTime: 'string', EmailAddress: 'string', ID: 'string', IP: 'string' },
    enumsAsTypes: true,
    useTypeImports: true,
    dedupeFragments: true,
    immutableTypes: true,
  },
  pluginMap: plugins,
  plugins: Object.keys(plugins).map((plugin) => ({ [plugin]: { operationFrom } })),
});

const text = `// Written by npm run ${name}:operations from operations.graphql and ${schema}.\n\n${generated}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(path.join(project, target), text);
