import { createHash } from 'node:crypto';
import { addressIn } from '../accounts/addresses.js';
import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { isUsable } from '../sessions/session-rules.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { Wait } from '../texts/times.js';

/** Codes of one kind that a session may have at the same time; one more takes the place of the oldest. */
const OPEN_MOST = 5;

/** No code and no state has it: what cannot be one is looked for all the same, and takes as long. */
const NO_HASH = Buffer.alloc(32);

/** A code that was just made, the one copy of it. */
export interface IssuedCode {
  readonly code: string;
  readonly expiry: Wait;
}

/** Whom a code leads to, as it is told before it is used. */
export interface HandedOver {
  readonly accountId: string;
  readonly email: string;
  readonly deviceName: string;
}

/** A code into the pages that was used just now. */
export interface UsedHandOver {
  readonly id: string;
  /** The session that it was handed over from. */
  readonly sessionId: string;
  readonly deviceId: string;
  /** The account's epoch under which the code was made. */
  readonly epoch: number;
}

/** The codes by which a session is handed on, of which the SHA-256 alone is stored. */
export class HandOverCodes {
  constructor(private readonly limits: Limits) {}

  /**
   * A code that leads back to a product. It is for the client whose own the origin is: else whoever is at one listed
   * origin could bring what arrives there to the product at another. The account of the session must be locked by this
   * transaction.
   */
  issueReturn(tx: Tx, sessionId: string, origin: string, state: string): Promise<IssuedCode> {
    const code = newToken('ret');
    const holder = sql`(select id from api_client where ended_at is null and ${origin} = any(return_origins))`;
    const columns = sql`'RETURN', ${tokenHash('ret', code)}, ${hashOf(state)}, ${holder}`;
    return this.issue(tx, code, columns, sessionId, 'RETURN');
  }

  /** A code that leads into the pages. The account of the session must be locked by this transaction. */
  issuePages(tx: Tx, sessionId: string): Promise<IssuedCode> {
    const code = newToken('hof');
    return this.issue(tx, code, sql`'PAGES', ${tokenHash('hof', code)}, null::bytea, null::uuid`, sessionId, 'PAGES');
  }

  private async issue(
    tx: Tx,
    code: string,
    columns: Fragment,
    sessionId: string,
    kind: 'RETURN' | 'PAGES',
  ): Promise<IssuedCode> {
    const seconds = kind === 'RETURN' ? this.limits.RECEIPT_SECONDS : this.limits.HANDOVER_SECONDS;
    const issued = await rowOf<{ expiresAt: Date }>(
      tx,
      sql`with made_room as (
            delete from hand_over where id in (
              select id from hand_over where session_id = ${sessionId} and kind = ${kind}
              order by created_at desc, id offset ${OPEN_MOST - 1}))
          insert into hand_over (session_id, epoch, kind, hash, state_hash, client_id, expires_at)
          select s.id, a.epoch, ${columns}, clock_timestamp() + make_interval(secs => ${seconds})
          from session s join account a on a.id = s.account_id where s.id = ${sessionId}
          returning expires_at as "expiresAt"`,
    );
    if (!issued) throw new Error('an insert returned no row');
    return { code, expiry: new Wait(issued.expiresAt, seconds * 1000) };
  }

  /**
   * Uses a code that led back to a product, once: under its own state and the account's epoch, while the session that it
   * came from is live, by a client whose people it is among, and whose own the origin is if it is anybody's. Whatever else is brought changes nothing, by the same statement.
   * @returns the session's id; null where that is not so
   */
  async useReturn(db: Sql, caller: Caller, code: string, state: string): Promise<string | null> {
    const used = await rowOf<{ sessionId: string }>(
      db,
      sql`update hand_over o set used_at = clock_timestamp()
          from session s join device d on d.id = s.device_id join account a on a.id = s.account_id
          where o.hash = ${tokenHash('ret', code) ?? NO_HASH} and o.kind = 'RETURN' and o.state_hash = ${hashOf(state)}
            and ${isOpen} and s.id = o.session_id and ${isUsable(this.limits)}
            and o.epoch = a.epoch and (o.client_id is null or o.client_id = ${caller.clientId}) and ${isOf(caller, 'a')}
          returning o.session_id as "sessionId"`,
    );
    return used?.sessionId ?? null;
  }

  /** Whom a code into the pages leads to; it stays good. @returns null where it is good for nothing */
  seen(db: Sql, code: string): Promise<HandedOver | null> {
    return rowOf<HandedOver>(
      db,
      sql`select a.id as "accountId", ${addressIn('a')} as email, d.name as "deviceName"
          from hand_over o join session s on s.id = o.session_id
            join device d on d.id = s.device_id join account a on a.id = s.account_id
          where ${this.leadsIn(code)} and o.epoch = a.epoch`,
    );
  }

  /** Uses a code into the pages, once. The account must be locked by this transaction. @returns null where it is good for nothing */
  usePages(tx: Tx, code: string): Promise<UsedHandOver | null> {
    return rowOf<UsedHandOver>(
      tx,
      sql`update hand_over o set used_at = clock_timestamp()
          from session s join device d on d.id = s.device_id where ${this.leadsIn(code)} and s.id = o.session_id
          returning o.id, o.epoch, s.id as "sessionId", s.device_id as "deviceId"`,
    );
  }

  private leadsIn(code: string): Fragment {
    return sql`o.hash = ${tokenHash('hof', code) ?? NO_HASH} and o.kind = 'PAGES' and ${isOpen}
      and ${isUsable(this.limits)}`;
  }
}

/** SQL that is true of a code that nobody has used, in time. */
const isOpen = sql`o.used_at is null and o.expires_at > clock_timestamp()`;

function hashOf(state: string): Buffer {
  return createHash('sha256').update(state).digest();
}
