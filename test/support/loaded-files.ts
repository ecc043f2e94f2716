import { registerHooks } from 'node:module';

// Given to Node by `--import`: prints the address of each file of the product and its packages that is loaded.

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:')) process.stdout.write(`loaded ${url}\n`);
    return nextLoad(url, context);
  },
});
