import { WebSocket } from 'ws';
import { LOGIN_REQUESTS, type LoginRequest } from '../site/documents.js';

const FRAME_MS = 30_000;

interface Waiter {
  readonly fits: (request: LoginRequest) => boolean;
  readonly resolve: (arrival: Arrival) => void;
}

/** A frame, and when it came (`performance.now()`). */
export interface Arrival {
  readonly request: LoginRequest;
  readonly at: number;
}

/** A phone that listens for sign-ins: one subscription on a socket of its own (`graphql-transport-ws`). */
export class LiveSocket implements Disposable {
  private readonly waiters = new Set<Waiter>();

  private constructor(private readonly socket: WebSocket) {}

  /** Resolves when the server has acknowledged the session, and the subscription was sent. */
  static open(url: string, sessionToken: string): Promise<LiveSocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
      const live = new LiveSocket(socket);
      const send = (message: object) => socket.send(JSON.stringify(message));
      socket.once('open', () =>
        send({ type: 'connection_init', payload: { authorization: `Bearer ${sessionToken}` } }),
      );
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as {
          readonly type: string;
          readonly payload?: { readonly data?: { readonly loginRequests: LoginRequest } };
        };
        if (message.type === 'connection_ack') {
          send({ id: '1', type: 'subscribe', payload: { query: LOGIN_REQUESTS } });
          resolve(live);
        } else if (message.type === 'ping') send({ type: 'pong' });
        else if (message.type === 'next' && message.payload?.data) live.take(message.payload.data.loginRequests);
        else if (message.type !== 'next') socket.emit('error', new Error(`unexpected: ${String(data)}`));
      });
      socket.once('close', (code, reason) => reject(new Error(`a socket was closed: ${code} ${reason}`)));
      socket.on('error', reject);
    });
  }

  /** The next frame that fits. */
  next(fits: (request: LoginRequest) => boolean): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(new Error('no frame came'));
      }, FRAME_MS);
      const waiter: Waiter = {
        fits,
        resolve: (arrival) => {
          clearTimeout(timer);
          resolve(arrival);
        },
      };
      this.waiters.add(waiter);
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  private take(request: LoginRequest): void {
    const at = performance.now();
    for (const waiter of this.waiters) {
      if (!waiter.fits(request)) continue;
      this.waiters.delete(waiter);
      waiter.resolve({ request, at });
    }
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
