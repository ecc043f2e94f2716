import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { projectRoot } from '../config/project.js';
import { playgroundExamples } from './playground-examples.js';

/** The editor puts its styles into the page by script, and its fonts and icons into data: addresses. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
} as const;

/** What the page is made of, by URL; each is read when it is first asked for. */
const sources: Readonly<Record<string, () => Promise<string>>> = {
  '/playground': () => ownFile('playground.html'),
  '/playground/playground.css': () => ownFile('playground.css'),
  '/playground/playground.js': () => ownFile('playground.js'),
  '/playground/examples.json': async () => JSON.stringify(playgroundExamples),
  '/playground/graphiql.css': () => ofEditor('graphiql.css'),
  '/playground/graphiql.js': () => ofEditor('graphiql.js'),
  '/playground/workers/editor.js': () => ofEditor('workers/editor.js'),
  '/playground/workers/json.js': () => ofEditor('workers/json.js'),
  '/playground/workers/graphql.js': () => ofEditor('workers/graphql.js'),
  '/playground/graphql-ws.js': () => graphqlWs(),
};

function ownFile(name: string): Promise<string> {
  return readFile(path.join(projectRoot, 'public', 'playground', name), 'utf8');
}

/** GraphiQL, as the build of the web client left it. */
const editorFolder = path.join(projectRoot, 'dist-web', 'playground');

/** Whether there is a playground to serve; there is none in an image that ships the API alone. */
export function hasPlayground(): boolean {
  return existsSync(editorFolder);
}

async function ofEditor(name: string): Promise<string> {
  const packed = await readFile(path.join(editorFolder, `${name}.gz`));
  return (await promisify(gunzip)(packed)).toString();
}

/** The build that needs no bundler. The package exports no path to it. */
function graphqlWs(): Promise<string> {
  return readFile(new URL('../umd/graphql-ws.min.js', import.meta.resolve('graphql-ws')), 'utf8');
}

/** A source, ready to be sent. */
interface Asset {
  readonly type: string;
  /** In bytes, which connections share: of a text each that reads slowly would keep a copy. */
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/**
 * Serves GraphiQL under `/playground`, with example operations for the whole path. All of it comes from here, so that it
 * works without any other network. It reads the schema by introspection, which therefore has to be on.
 */
export function mountPlayground(app: FastifyInstance): void {
  app.register(async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', policy);
    });
    for (const [url, read] of Object.entries(sources)) {
      let made: Promise<Asset> | null = null;
      scope.get(url, async (request, reply) => {
        made ??= read().then((text) => assetOf(url, text));
        return send(await made, request, reply);
      });
    }
  });
}

function send({ type, plain, gzipped, etag }: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Asked for each time, but sent only when it is another one: an upgrade shows at once.
  reply.headers({ 'cache-control': 'no-cache', vary: 'Accept-Encoding', etag });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  reply.type(type);
  if (new Negotiator(request).encoding(['gzip', 'identity']) !== 'gzip') return reply.send(plain);
  return reply.header('content-encoding', 'gzip').send(gzipped);
}

async function assetOf(url: string, text: string): Promise<Asset> {
  const extension = path.extname(url) as keyof typeof types | '';
  return {
    type: types[extension || '.html'],
    plain: Buffer.from(text),
    gzipped: await promisify(gzip)(text),
    etag: `"${createHash('sha256').update(text).digest('base64url')}"`,
  };
}
