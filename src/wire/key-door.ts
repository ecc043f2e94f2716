import type { FastifyRequest } from 'fastify';
import { CloseCode } from 'graphql-ws';
import { type BackendContext, type Caller, type Callers, WrongKey } from '../api/caller.js';
import type { Client } from '../api/context.js';
import { RateLimited } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import type { Texts } from '../texts/texts.js';
import { type Connection, TRY_AGAIN_LATER } from './connection.js';
import { DifferentTokens, tokenOfSocket, tokensOfUpgrade } from './session-tokens.js';
import type { Admission, Arrival, Presented, SocketDoor } from './socket-door.js';

/** What `KeyDoor` looks with. */
export interface KeyServing {
  readonly db: Sql;
  readonly callers: Callers;
  readonly texts: Texts;
  readonly resolver: BackendContext['resolver'];
  readonly limits: Limits;
}

/** For products' backends: whoever has a key. Its sockets end with the key. */
export class KeyDoor implements SocketDoor<Caller> {
  readonly crowd = 'backends';
  private readonly open = new Map<Connection, Caller>();

  constructor(
    private readonly serving: KeyServing,
    pulse: Pick<Pulse, 'add'>,
  ) {
    pulse.add({
      what: 'sockets: keys cannot be checked',
      everySeconds: serving.limits.WS_RECHECK_SECONDS,
      isIdle: () => this.open.size === 0,
      run: (db) => this.recheck(db),
    });
  }

  presentedBy(request: FastifyRequest): Presented {
    return { cookieToken: null, tokens: tokensOfUpgrade(request.raw) };
  }

  /** A wrong key closes with 4401, which clients do not retry; a database that is away with 1013, which they do. */
  async admit({ connection, client, presented, params }: Arrival): Promise<Admission<Caller> | null> {
    try {
      const key = tokenOfSocket(params, presented.tokens);
      const caller = await this.serving.callers.admit(this.serving.db, key, client.ipAddress);
      return this.enter(caller, connection);
    } catch (error) {
      // Which of two different ones is meant nobody can tell.
      const isRefused = error instanceof WrongKey || error instanceof RateLimited || error instanceof DifferentTokens;
      if (!isRefused) throw error;
      connection.close(CloseCode.Unauthorized, 'Wrong key');
      return null;
    }
  }

  private enter(caller: Caller, connection: Connection): Admission<Caller> | null {
    const ofClient = [...this.open.values()].filter(({ clientId }) => clientId === caller.clientId);
    if (ofClient.length >= this.serving.limits.FEEDS_PER_CLIENT) {
      connection.close(TRY_AGAIN_LATER, 'Too many sockets');
      return null;
    }
    this.open.set(connection, caller);
    return { who: caller, isKnown: true };
  }

  leave(_caller: Caller, connection: Connection): void {
    this.open.delete(connection);
  }

  /** Reads the keys again, and closes the sockets of those that have ended. While the database is away none has. */
  private async recheck(db: Sql): Promise<void> {
    const looked = [...this.open];
    const good = await this.serving.callers.check(db, [...new Set(looked.map(([, { keyId }]) => keyId))]);
    const keyIds = new Set(good.map(({ keyId }) => keyId));
    for (const [connection, { keyId }] of looked) {
      if (!keyIds.has(keyId)) connection.close(CloseCode.Unauthorized, 'Key ended');
    }
  }

  contextOf(caller: Caller, client: Client): BackendContext {
    const { db, texts, resolver } = this.serving;
    return { db, texts, resolver, caller, client };
  }
}
