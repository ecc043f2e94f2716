import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Limits } from '../config/limits.js';

/** Requests that a connection may send before it has its answers: browsers and proxies send one after the other. */
const REQUESTS_AHEAD_MOST = 4;
/** Pieces in which a body may come. Each is kept as it came, with ten times its own weight, until the last is there. */
const BODY_PIECES_MOST = 1000;

/**
 * What one HTTP connection may hold: one request at a time is worked on, and the next not before the answer has been
 * read, so that one answer is kept at most, and for ANSWER_SECONDS.
 */
export function boundConnections(app: FastifyInstance, limits: Limits): void {
  answerInTurn(app, limits.ANSWER_SECONDS * 1000);
  boundPieces(app);
}

/**
 * Node.js starts every request as soon as it is read, however many came in one piece. The next waits for a turn of the event
 * loop, too, in which others are served.
 */
function answerInTurn(app: FastifyInstance, answerMs: number): void {
  const queues = new WeakMap<Socket, { length: number; last: Promise<void> }>();
  app.addHook('onRequest', async (request, reply) => {
    const { socket } = request.raw;
    const queue = queues.get(socket) ?? { length: 0, last: Promise.resolve() };
    // Nobody waits for the answer, nor is it known who asked. Once asked for, the address is known to the end.
    if (socket.remoteAddress === undefined) return reply.hijack();
    if (queue.length >= REQUESTS_AHEAD_MOST) {
      socket.destroy();
      return reply.hijack();
    }
    queues.set(socket, queue);
    queue.length += 1;
    const { last } = queue;
    queue.last = new Promise((resolve) => {
      reply.raw.once('close', () =>
        setImmediate(() => {
          queue.length -= 1;
          resolve();
        }),
      );
    });
    await last;
    if (socket.destroyed) return reply.hijack();
    // A socket goes on for as long as it is open.
    if ('upgrade' in request.raw && request.raw.upgrade === true) return;
    const deadline = setTimeout(() => socket.destroy(), answerMs).unref();
    reply.raw.once('close', () => clearTimeout(deadline));
  });
}

function boundPieces(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    let pieces = 0;
    payload.on('data', () => {
      pieces += 1;
      if (pieces > BODY_PIECES_MOST) request.raw.socket.destroy();
    });
    done(null, payload);
  });
}
