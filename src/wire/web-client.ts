import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { projectRoot } from '../config/project.js';

const folder = path.join(projectRoot, 'dist-web');
const assets = path.join(folder, 'assets');

/** The addresses of its pages: each is answered with the same document, which shows the right one. */
export const pages = [
  '/',
  ...['/sign-up', '/reset-password', '/about', '/account', '/hand-over', '/stop-change'].flatMap((page) => [
    page,
    `${page}/`,
  ]),
  '/account/*',
];

/** What the built document and manifest call the product; where it stands, the product's own name is put. */
const OWN_NAME = 'Doorstep';

/** What is known of the product, and of what else this server serves. */
export interface Surroundings {
  /** What people are told the product is called. */
  readonly productName: string;
  /** Before every address of this server, as browsers find it. */
  readonly basePath: string;
  /** Where the bare address leads when there is no client to serve; null: nowhere. */
  readonly elsewhere: string | null;
  /** The addresses of what helps a developer, for whoever may know of it. */
  readonly tools: (request: FastifyRequest) => readonly string[];
}

/**
 * Serves the web client at `/`, from the files that the build made and compressed; there are none in an image that ships
 * the API alone. The files name each other relative to themselves, the document names them from the root: it is shown at
 * addresses of any depth. A person whose address names nothing is shown its page for that, with 404.
 */
export async function mountWebClient(app: FastifyInstance, surroundings: Surroundings): Promise<void> {
  const { productName, basePath, elsewhere, tools } = surroundings;
  if (!existsSync(path.join(folder, 'index.html'))) {
    if (elsewhere) app.get('/', (_request, reply) => reply.redirect(`${basePath}${elsewhere}`));
    return;
  }
  await app.register(fastifyStatic, {
    root: assets,
    prefix: '/assets/',
    preCompressed: true,
    cacheControl: false,
    // A hash in the name of each: what changes has another name. The document that names them is asked for each time.
    setHeaders: (reply, file) => {
      if (file.startsWith(assets)) reply.header('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  const show = async (request: FastifyRequest, reply: FastifyReply) => {
    const html = await readFile(path.join(folder, 'index.html'), 'utf8');
    const named = tools(request);
    const meta = [
      ...(basePath === '' ? [] : [`<meta name="base-path" content="${basePath}" />`]),
      ...(named.length > 0 ? [`<meta name="development-tools" content="${named.join(' ')}" />`] : []),
    ].join('');
    return reply.type('text/html; charset=utf-8').send(
      html
        .replaceAll(OWN_NAME, () => htmlText(productName))
        .replaceAll('"./', `"${basePath}/`)
        .replace('</head>', `${meta}</head>`),
    );
  };
  for (const page of pages) app.get(page, show);
  // Of a name that never changes, since browsers know an installed client by it; asked for each time, as the document is.
  app.get('/service-worker.js', (_request, reply) => reply.sendFile('service-worker.js', folder));
  app.get('/manifest.webmanifest', async (_request, reply) => {
    const manifest = await readFile(path.join(folder, 'manifest.webmanifest'), 'utf8');
    const name = JSON.stringify(productName).slice(1, -1);
    return reply.type('application/manifest+json; charset=utf-8').send(manifest.replaceAll(OWN_NAME, () => name));
  });
  // Where password managers lead people (W3C, A Well-Known URL for Changing Passwords).
  app.get('/.well-known/change-password', (_request, reply) => reply.redirect(`${basePath}/account/password`));
  app.setNotFoundHandler((request, reply) => {
    reply.code(404);
    const isPerson = ['GET', 'HEAD'].includes(request.method) && request.headers.accept?.includes('text/html');
    return isPerson ? show(request, reply) : reply.send({ errors: [{ message: 'There is nothing here.' }] });
  });
}

function htmlText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
