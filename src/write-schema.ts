import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { projectRoot } from './config/project.js';
import { createSchema } from './wiring/schema.js';

/** `npm run schema`: writes schema.graphql from the code. With `--print` it goes to standard output instead. */
const schema = await createSchema(() => {
  throw new Error('no field is resolved while the schema is written');
});
const text = `${printSchema(lexicographicSortSchema(schema))}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(path.join(projectRoot, 'schema.graphql'), text);
