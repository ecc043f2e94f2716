import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { installable } from './build/installable.ts';

/** What is worth compressing; below this a file fits into one packet anyway. */
const COMPRESSED = /\.(js|css|json|html|svg)$/;
const SMALLEST_BYTES = 1024;
/** The best quality takes ten times as long for a few percent, and everyone who starts from source waits for it. */
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** Writes `.br` and `.gz` beside each file, so that the server compresses nothing at run time. */
function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = path.resolve(root, build.outDir);
    },
    async closeBundle() {
      const names = (await readdir(folder, { recursive: true })).filter((name) => COMPRESSED.test(name));
      await Promise.all(
        names.map(async (name) => {
          const file = path.join(folder, name);
          const content = await readFile(file);
          if (content.length < SMALLEST_BYTES) return;
          await writeFile(`${file}.br`, await promisify(brotliCompress)(content, brotli));
          await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
        }),
      );
    },
  };
}

/** Lays the playground's editor beside the client: as a package every server would carry it, at ten times the size. */
function playground(): Plugin {
  return {
    name: 'playground',
    apply: 'build',
    async generateBundle() {
      const editor = await import('@graphql-yoga/render-graphiql/graphiql');
      const files = {
        'graphiql.css': editor.css,
        'graphiql.js': editor.js,
        'workers/editor.js': editor.editorWorkerService,
        'workers/json.js': editor.jsonWorker,
        'workers/graphql.js': editor.graphqlWorker,
      };
      for (const [name, text] of Object.entries(files)) {
        this.emitFile({ type: 'asset', fileName: `playground/${name}.gz`, source: await promisify(gzip)(text) });
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  // Nothing that is built knows below which path it is served: files find each other from where they are themselves.
  base: './',
  // Names with a hash in them, under a folder that the server lets browsers keep for good.
  build: {
    outDir: '../../dist-web',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    // One style sheet: a part of the page whose own one did not arrive would come without it ever after.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    // The dictionary of the password estimate, fetched when the first password is chosen.
    chunkSizeWarningLimit: 2000,
  },
  plugins: [compressed(), playground(), installable()],
  // npm run web:dev: edits show at once, and what is asked of the API goes to a server that runs beside it.
  server: {
    port: 4001,
    proxy: {
      '/graphql': { target: process.env.DOORSTEP_URL ?? 'http://localhost:4000', ws: true, changeOrigin: false },
    },
  },
});
