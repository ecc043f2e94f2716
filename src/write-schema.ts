import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { projectRoot } from './config/project.js';
import { createBackendSchema, createSchema } from './wiring/schema.js';

const schemas = {
  'schema.graphql': createSchema,
  'backend.graphql': createBackendSchema,
};

/** `npm run schema`: writes both schemas from the code. With `--print NAME` one goes to standard output instead. */
for (const [name, create] of Object.entries(schemas)) {
  const schema = await create(() => {
    throw new Error('no field is resolved while a schema is written');
  });
  const text = `${printSchema(lexicographicSortSchema(schema))}\n`;
  if (!process.argv.includes('--print')) writeFileSync(path.join(projectRoot, name), text);
  else if (process.argv.includes(name)) process.stdout.write(text);
}
