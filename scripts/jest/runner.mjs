// jest's own test runner with one difference: a test file and all that it imports are loaded by Node itself, not into a
// vm context. What a process has loaded and compiled once serves every suite that it runs, and the tests run in the realm
// of the product. So the suites of a process share its modules, as the requests to a server do.

import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import circus from 'jest-circus/runner';
import { useGlobals } from './globals.mjs';

// The package of this name works only inside a vm context.
const globals = new URL('./globals.mjs', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals' ? { url: globals, shortCircuit: true } : next(specifier, context),
});

const constructors = Object.getOwnPropertyNames(globalThis).filter(
  (name) => /^[A-Z]/.test(name) && typeof globalThis[name] === 'function',
);

export default function run(globalConfig, config, environment, runtime, testPath, send) {
  // The context has jest in it: what `expect` knows as String or Error must be what tests and product do.
  for (const name of constructors) environment.global[name] = globalThis[name];
  const native = Object.create(runtime, {
    unstable_shouldLoadAsEsm: { value: () => true },
    unstable_importModule: {
      value: (file) => {
        useGlobals(runtime.requireModuleOrMock(file, '@jest/globals'));
        return import(pathToFileURL(file).href);
      },
    },
  });
  return circus.default(globalConfig, config, environment, native, testPath, send);
}
