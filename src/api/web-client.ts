import { existsSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { projectRoot } from '../project.js';

const folder = path.join(projectRoot, 'dist-web');
const assets = path.join(folder, 'assets');

/** The addresses of its pages: each is answered with the same document, which shows the right one. */
const pages = ['/', '/sign-up', '/reset-password', '/about', '/account', '/account/*'];

/**
 * Serves the web client at `/`, from the files that the build made and compressed. Without them, as in an image that
 * ships the API alone, the bare address leads to `elsewhere`, or nowhere.
 */
export async function mountWebClient(app: FastifyInstance, elsewhere: string | null): Promise<void> {
  if (!existsSync(path.join(folder, 'index.html'))) {
    if (elsewhere) app.get('/', (_request, reply) => reply.redirect(elsewhere));
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
  const show = (_request: unknown, reply: FastifyReply) =>
    reply.sendFile('index.html', folder, { cacheControl: false });
  for (const page of pages) app.get(page, show);
}
