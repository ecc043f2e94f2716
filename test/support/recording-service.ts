import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';

/** A request as a service behind a proxy got it. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  /** Each header as it was written, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A service of a product's own, which writes down what it is sent; over a WebSocket it says everything back. */
export class RecordingService implements AsyncDisposable {
  readonly arrived: Arrived[] = [];

  private constructor(
    private readonly server: Server,
    private readonly sockets: WebSocketServer,
  ) {}

  static async start(): Promise<RecordingService> {
    const server = createServer();
    const service = new RecordingService(server, new WebSocketServer({ server }));
    server.on('request', async (request, response) => {
      await service.note(request);
      response.end('from the service');
    });
    service.sockets.on('connection', (socket, request) => {
      void service.note(request);
      socket.on('message', (data) => socket.send(String(data)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return service;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What it was sent last, and nothing of before. */
  last(): Arrived {
    const last = this.arrived.pop();
    if (!last) throw new Error('nothing has arrived');
    this.arrived.length = 0;
    return last;
  }

  private async note(request: IncomingMessage): Promise<void> {
    const { method = '', url = '', rawHeaders } = request;
    const headers = rawHeaders.flatMap((name, nth) =>
      nth % 2 === 0 ? [[name, rawHeaders[nth + 1] ?? ''] as const] : [],
    );
    const body = request.headers.upgrade === undefined ? await text(request) : '';
    this.arrived.push({ method, url, headers, body });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The values of a header in what arrived, under this name or one that a service may take for it (CGI, WSGI). */
export function valuesOf({ headers }: Arrived, name: string): string[] {
  const folded = (other: string) => other.toLowerCase().replaceAll('_', '-');
  return headers.filter(([other]) => folded(other) === folded(name)).map(([, value]) => value);
}
