import { randomBytes } from 'node:crypto';
import { CloseCode, type WebSocket as GraphqlSocket } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Limits } from '../config/limits.js';
import { Wheel } from './wheel.js';

/** RFC 6455 7.4.1 and the IANA registry: the server cannot serve it now, but may later. */
export const TRY_AGAIN_LATER = 1013;
/** RFC 6455 7.4.1 and the IANA registry, 'service restart': connect again, at once. */
const COME_BACK = 1012;
/** How long whoever has changed the password has to learn the new token before its socket has to come back with it. */
const HANDOVER_MS = 1_000;
/** RFC 6455 7.4.1: the peer breaks a rule of ours. */
const POLICY_VIOLATION = 1008;
/** A peer that ignores the close is cut off after this. */
const TERMINATE_AFTER_MS = 250;
const PING_EVERY_SECONDS = 12;
const PING_BYTES = 8;
const MINUTE_MS = 60_000;
/** What was written for a peer and not taken by it; one that leaves more is cut off. */
const UNREAD_BYTES_MOST = 262_144;
/** RFC 6455, 5.5: a control frame carries 125 bytes, two of which are the code. */
const REASON_BYTES = 123;
/** What graphql-ws throws over a message that only a server sends; over any other it closes by itself. */
const unexpectedMessage = /^Unexpected message of type /;

/** Closes a socket politely, and a moment later whatever its peer does. A reason that is too long is left out. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, Buffer.byteLength(reason) <= REASON_BYTES ? reason : '');
  setTimeout(() => socket.terminate(), TERMINATE_AFTER_MS).unref();
}

/** Pings every socket now and then. */
export function pingWheel(): Wheel<Connection> {
  return new Wheel(PING_EVERY_SECONDS, (connection) => connection.ping());
}

/** One WebSocket: once it is over nothing is written to it, and what still comes in is dropped. */
export class Connection implements GraphqlSocket {
  private isOver = false;
  private isMute = false;
  /** What the last ping carried: a peer that does not read cannot know it. Null: that one was answered. */
  private expectedPong: string | null = null;
  private readonly messages: PerMinute;
  /** Pings and pongs, which no one else counts. */
  private readonly controls: PerMinute;

  constructor(
    private readonly socket: WebSocket,
    limits: Limits,
    private readonly logger: Logger,
    pings: Wheel<Connection>,
  ) {
    this.messages = new PerMinute(limits.WS_MESSAGES_PER_MINUTE);
    this.controls = new PerMinute(2 * limits.WS_MESSAGES_PER_MINUTE);
    socket.on('ping', () => this.refuseFlood(this.controls));
    socket.on('pong', (data) => {
      if (String(data) === this.expectedPong) this.expectedPong = null;
      this.refuseFlood(this.controls);
    });
    const share = pings.add(this);
    socket.once('close', () => {
      this.isOver = true;
      share.delete(this);
    });
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  /** Resolves when the data has left, so that a slow reader slows down what is written to it. */
  send(data: string): Promise<void> {
    if (this.isOver || this.isMute) return Promise.resolve();
    if (this.socket.bufferedAmount > UNREAD_BYTES_MOST) {
      this.socket.terminate();
      return Promise.resolve();
    }
    return new Promise((resolve) => this.socket.send(data, () => resolve()));
  }

  close(code: number = CloseCode.InternalServerError, reason = ''): void {
    if (this.isOver) return;
    this.isOver = true;
    closeSocket(this.socket, code, reason);
  }

  /** 4401 is the code that graphql-ws clients do not retry. */
  endSession(): void {
    this.close(CloseCode.Unauthorized, 'Session ended');
  }

  /**
   * For a session that has a new token. Whoever knows that one comes back with it; whoever had copied the one before does
   * not. Nothing is served meanwhile: what the client asks for now it asks for again when it is back.
   */
  reopen(): void {
    if (this.isMute) return;
    this.isMute = true;
    setTimeout(() => this.close(COME_BACK, 'Session token renewed'), HANDOVER_MS).unref();
  }

  onMessage(receive: (data: string) => Promise<void>): void {
    this.socket.on('message', (data) => {
      if (this.isOver || this.isMute) return;
      if (this.refuseFlood(this.messages)) return;
      receive(String(data)).catch((error: Error) => {
        if (unexpectedMessage.test(error.message)) {
          this.close(CloseCode.BadRequest, 'Invalid message');
          return;
        }
        this.logger.error({ err: error }, 'a message on a socket failed');
        this.close(CloseCode.InternalServerError, 'Internal server error');
      });
    });
  }

  /** @returns whether it was one too many; nothing more is read then */
  private refuseFlood(counter: PerMinute): boolean {
    if (this.isOver || counter.take()) return false;
    this.socket.pause();
    this.close(POLICY_VIOLATION, 'Too many messages');
    return true;
  }

  ping(): void {
    if (this.expectedPong !== null) {
      this.socket.terminate();
      return;
    }
    this.expectedPong = randomBytes(PING_BYTES).toString('hex');
    this.socket.ping(this.expectedPong);
  }
}

/** Counts what a socket sends, by the minute. */
class PerMinute {
  private taken = 0;
  private endsAt = 0;

  constructor(private readonly most: number) {}

  /** @returns false for one too many */
  take(): boolean {
    const now = performance.now();
    if (now >= this.endsAt) {
      this.endsAt = now + MINUTE_MS;
      this.taken = 0;
    }
    this.taken += 1;
    return this.taken <= this.most;
  }
}
