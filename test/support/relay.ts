import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../src/config/project.js';

const require = createRequire(import.meta.url);

/** A document as Relay's compiler makes it for its runtime. */
export type Artifact = unknown;

/** Relay's runtime, as far as it is used here. */
export interface RelayRuntime {
  readonly Environment: new (options: unknown) => unknown;
  readonly Network: { create(fetch: unknown, subscribe?: unknown): unknown };
  readonly Observable: { create(source: (sink: Sink) => () => void): unknown };
  readonly RecordSource: new () => unknown;
  readonly Store: new (source: unknown) => unknown;
  fetchQuery(environment: unknown, query: Artifact, variables: object): { toPromise(): Promise<unknown> };
  commitMutation(environment: unknown, config: object): unknown;
  requestSubscription(environment: unknown, config: object): { dispose(): void };
}

interface Sink {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

export const relay = require('relay-runtime') as RelayRuntime;

/** Compiles documents, by the name of their operation, against `schema.graphql`. */
export async function compileForRelay<Name extends string>(
  documents: Readonly<Record<Name, string>>,
): Promise<Record<Name, Artifact>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-relay-'));
  try {
    mkdirSync(path.join(folder, 'src'));
    const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
    write('package.json', '{ "type": "module" }');
    write(
      'relay.config.json',
      JSON.stringify({
        src: './src',
        schema: path.join(projectRoot, 'schema.graphql'),
        language: 'javascript',
        eagerEsModules: true,
        artifactDirectory: './made',
      }),
    );
    mkdirSync(path.join(folder, 'made'));
    // Relay wants an operation to be called as its file is.
    for (const [name, text] of Object.entries<string>(documents)) {
      write(`src/${operationFile(name)}.js`, `export default graphql\`${text}\`;\n`);
    }
    const compiler = spawnSync(process.execPath, [require.resolve('relay-compiler/cli.js')], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (compiler.status !== 0) throw new Error(`relay-compiler failed:\n${compiler.stdout}${compiler.stderr}`);
    const made = Object.keys(documents).map(async (name) => {
      const file = path.join(folder, 'made', `${name}.graphql.js`);
      const { default: artifact } = (await import(pathToFileURL(file).href)) as { default: Artifact };
      return [name, artifact] as const;
    });
    return Object.fromEntries(await Promise.all(made)) as Record<Name, Artifact>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `signInMutation` lives in `signIn.js`. */
function operationFile(name: string): string {
  return name.replace(/(Query|Mutation|Subscription)$/, '');
}
