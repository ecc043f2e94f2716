import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { lockAccount } from '../../src/accounts/accounts.js';
import { openBus } from '../../src/bus/open-bus.js';
import { tell } from '../../src/events/events.js';
import { Database } from '../../src/sql/database.js';
import { rowsOf } from '../../src/sql/rows.js';
import { sql } from '../../src/sql/statement.js';
import { Transactions } from '../../src/sql/transactions.js';
import { openPool } from '../../src/wiring/database.js';
import { FEED } from '../site/documents.js';
import { machineClock } from './machine-clock.js';
import { atRate } from './pace.js';
import type { Load, Task } from './task.js';

/** When an event was written, or arrived: an instant of the machine's clock in milliseconds, by the session that it names. */
export type Instants = ReadonlyMap<string, number>;

/** Writes events as the product does: in a transaction that has the account's lock, with a wake-up behind its commit. */
export async function feedWriter({
  databaseUrl,
  redisUrl,
  redisPrefix,
  seconds,
}: Extract<Task, { kind: 'feed-writer' }>): Promise<Load> {
  const logger = pino({ level: 'silent' });
  const db = new Database(openPool(databaseUrl, logger));
  const bus = openBus({ databaseUrl, redisUrl, redisPrefix }, logger);
  const transactions = new Transactions(db, {
    publish: (topic) => bus.publish(topic),
    enqueue: () => undefined,
    push: () => undefined,
  });
  const accounts = await rowsOf<{ id: string }>(db, sql`select id from account order by id limit 500`);
  return {
    /** @param argument how many a second */
    async round(argument): Promise<Instants> {
      const clock = machineClock();
      const written = new Map<string, number>();
      await atRate(Number(argument), seconds, async (nth) => {
        const account = accounts[nth % accounts.length];
        if (!account) throw new Error('there are no accounts');
        const sessionId = randomUUID();
        await transactions.run(async (tx) => {
          await lockAccount(tx, account.id, null);
          tell(tx, { type: 'SESSION_ENDED', accountId: account.id, sessionId });
          // What follows is the packet with the commit.
          written.set(sessionId, clock(performance.now()));
        });
      });
      return written;
    },
  };
}

/** A product's backend that listens to its feed. A round hands over what has arrived since the last. */
export async function feedReader({ socketUrl, key }: Extract<Task, { kind: 'feed-reader' }>): Promise<Load> {
  const clock = machineClock();
  let arrived = new Map<string, number>();
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws', { perMessageDeflate: false });
  const send = (message: object) => socket.send(JSON.stringify(message));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    socket.once('close', (code, reason) => reject(new Error(`the feed was closed: ${code} ${reason}`)));
    socket.on('error', reject);
    socket.on('message', (data) => {
      const at = clock(performance.now());
      const message = JSON.parse(String(data)) as {
        readonly type: string;
        readonly payload?: { readonly data?: { readonly events: { readonly sessionId: string | null } } };
      };
      if (message.type === 'connection_ack') send({ id: '1', type: 'subscribe', payload: { query: FEED } });
      else if (message.type === 'ping') send({ type: 'pong' });
      else if (message.type === 'next' && message.payload?.data) {
        const { sessionId } = message.payload.data.events;
        if (sessionId) arrived.set(sessionId, at);
        // The first is a heartbeat.
        else resolve();
      } else reject(new Error(`unexpected: ${String(data)}`));
    });
  });
  return {
    async round(): Promise<Instants> {
      const told = arrived;
      arrived = new Map();
      return told;
    },
  };
}
