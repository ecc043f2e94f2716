import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Plugin } from 'vite';

const web = path.join(import.meta.dirname, '..');

/** The colours of the pages, `--page` in theme.css; the system's own bars take them. */
const PAGE_LIGHT = '#f4f6f6';

/**
 * Lays beside the pages what makes them an app that is installed: icons, the manifest that names them, and the service
 * worker. Addresses are relative to the manifest and to the worker, which the server has at its root.
 */
export function installable(): Plugin {
  return {
    name: 'installable',
    apply: 'build',
    async generateBundle() {
      const emit = async (name: string) => {
        const source = await readFile(path.join(web, 'icons', name));
        return this.getFileName(this.emitFile({ type: 'asset', name, source }));
      };
      const icon = await emit('icon-192.png');
      const manifest = {
        name: 'Doorstep',
        short_name: 'Doorstep',
        start_url: './account',
        scope: './',
        display: 'standalone',
        background_color: PAGE_LIGHT,
        theme_color: PAGE_LIGHT,
        icons: [
          { src: icon, sizes: '192x192', type: 'image/png' },
          { src: await emit('icon-512.png'), sizes: '512x512', type: 'image/png' },
          { src: await emit('icon-maskable-512.png'), sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      };
      const worker = await serviceWorker({ icon, badge: await emit('badge.png') });
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: JSON.stringify(manifest) });
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: worker });
    },
  };
}

/**
 * One script that imports nothing: not every browser that has push takes modules for service workers.
 * @param images addresses of what notifications are shown with
 */
async function serviceWorker(images: { readonly icon: string; readonly badge: string }): Promise<string> {
  const built = await build({
    configFile: false,
    root: web,
    logLevel: 'warn',
    define: { __IMAGES__: JSON.stringify(images) },
    build: {
      write: false,
      target: 'es2023',
      lib: { entry: path.join(web, 'worker', 'service-worker.ts'), formats: ['iife'], name: 'worker' },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  const [script] = bundle && 'output' in bundle ? bundle.output : [];
  if (script?.type !== 'chunk') throw new Error('the service worker was not built');
  return script.code;
}
