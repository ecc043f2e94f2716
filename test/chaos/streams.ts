import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { CHALLENGE_CHANGES, LOGIN_REQUESTS } from '../support/operations.js';
import type { Challenge, LoginRequest } from '../support/outcomes.js';
import { hashOf } from './caller.js';
import type { ListeningSocket, Recorder, Watch } from './history.js';

const RETRY_MS = 250;
const PATIENCE_MS = 5_000;

/** A trusted device that listens for live codes. */
export interface Listener {
  readonly token: string;
  /** Whether the server ended it: the session is over, or the device is not trusted. */
  readonly isOver: boolean;
  leave(): void;
}

/** Who listens, and what is done about each request that comes. */
export interface Listening {
  readonly email: string;
  readonly deviceName: string;
  readonly token: string;
  readonly onRequest: (request: LoginRequest) => void;
}

/** Subscriptions that come back by themselves when their socket is lost, to whichever server. */
export class Streams {
  /** The clients, each with the socket that it has now. */
  private readonly clients = new Map<SocketClient, WebSocket | null>();

  /** @param anyUrl of a server's socket, another with each call */
  constructor(
    private readonly anyUrl: () => string,
    private readonly recorder: Recorder,
  ) {}

  listen({ email, deviceName, token, onRequest }: Listening): Listener {
    const session = hashOf('ses', token);
    let socket: ListeningSocket | null = null;
    let isOver = false;
    const client = this.connect(token, {
      opened: () => {
        socket = { email, deviceName, session, openedAt: Date.now(), closedAt: null, closeCode: null, events: [] };
        this.recorder.sockets.push(socket);
      },
      closed: (code) => {
        if (!socket) return;
        socket.closedAt = Date.now();
        socket.closeCode = code;
        socket = null;
      },
    });
    const end = () => {
      isOver = true;
      this.leave(client);
    };
    client.subscribe<{ loginRequests: LoginRequest }>(
      { query: LOGIN_REQUESTS },
      {
        next: ({ data }) => {
          const request = data?.loginRequests;
          if (!request) return;
          const { id, state, code } = request;
          // The challenge that it is a prompt of.
          const challengeId = id.replace(/^req_/, '');
          socket?.events.push({ at: Date.now(), challengeId, state, code });
          onRequest({ ...request, id: challengeId });
        },
        error: end,
        complete: end,
      },
    );
    return {
      token,
      get isOver() {
        return isOver;
      },
      leave: () => this.leave(client),
    };
  }

  /** Follows a challenge to its end. */
  follow({ id, token }: Challenge): void {
    const watch: Watch = { challengeId: id, states: [], isCompleted: false };
    this.recorder.watches.push(watch);
    const client = this.connect(null, { opened: () => {}, closed: () => {} });
    client.subscribe<{ challenge: Challenge }>(
      { query: CHALLENGE_CHANGES, variables: { token } },
      {
        next: ({ data }) => {
          if (data && data.challenge.state !== watch.states.at(-1)) watch.states.push(data.challenge.state);
        },
        error: () => this.leave(client),
        complete: () => {
          // Called too when it is we who leave.
          watch.isCompleted = this.clients.has(client);
          this.leave(client);
        },
      },
    );
  }

  /** Everybody connects anew, as when the network of a phone changes. */
  reconnect(): void {
    for (const socket of this.clients.values()) socket?.terminate();
  }

  /** Everybody leaves. */
  close(): void {
    for (const client of this.clients.keys()) this.leave(client);
  }

  private connect(token: string | null, on: { opened: () => void; closed: (code: number) => void }): SocketClient {
    const client = createClient({
      url: this.anyUrl,
      webSocketImpl: WebSocket,
      connectionParams: token ? { authorization: `Bearer ${token}` } : {},
      connectionAckWaitTimeout: PATIENCE_MS,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: () => sleep(RETRY_MS),
      on: {
        opened: (socket) => {
          if (this.clients.has(client)) this.clients.set(client, socket as WebSocket);
        },
        connected: on.opened,
        closed: (event) => on.closed((event as { code: number }).code),
      },
    });
    this.clients.set(client, null);
    return client;
  }

  private leave(client: SocketClient): void {
    if (!this.clients.delete(client)) return;
    // It fails where a connection was being made that fails.
    Promise.resolve(client.dispose()).catch(() => undefined);
  }
}
