import type { Topic } from '../bus/bus.js';
import type { Sql } from '../sql/database.js';

/** Who a live session is. */
export interface Session {
  readonly id: string;
  readonly accountId: string;
  readonly deviceId: string;
  readonly isTrusted: boolean;
  /**
   * SHA-256 of the token that named it: once it has another one, whoever came with this is not served any more. As
   * PostgreSQL writes it (`\x` and hexadecimal digits): a Buffer of those bytes would keep the block that it was cut from
   * for as long as its socket is open.
   */
  readonly tokenHash: string;
}

/** What is read of an account whose session asks. */
export interface AccountFacts {
  readonly id: string;
  /** Null: a subject's, see `subjectEmail`. */
  readonly email?: string | null;
  /** The address of a subject. */
  readonly subjectEmail?: string | null;
  /** The product's id of a subject. */
  readonly externalId?: string | null;
  readonly createdAt: Date;
  readonly twoStepEnabledAt?: Date | null;
}

/** A session that a request came with, and its account as it was read with it. */
export interface SignedInSession extends Session {
  readonly account: AccountFacts;
}

/** What somebody comes with who has a session. */
export interface Credentials {
  readonly token: string;
  readonly ipAddress: string;
}

/** A live session that a token named. */
export interface FoundSession extends Pick<Credentials, 'ipAddress'> {
  readonly session: SignedInSession;
  /** Whether it is noted that it is used; what is not may be over by now. */
  isNoted: boolean;
}

/** How a session stands, and whether its device is trusted; both of one moment. RENEWED: it has another token by now. */
export type Standing = 'TRUSTED' | 'UNTRUSTED' | 'RENEWED' | 'OVER';

/** Tells whose a token is, and notes that it is used. */
export interface SessionLookup {
  /** @returns null if it names no live session */
  authenticate(db: Sql, token: string, ipAddress: string): Promise<SignedInSession | null>;
  /** The first half of it, for many at once; null where a token names no live session. */
  findAll(db: Sql, asked: readonly Credentials[]): Promise<(FoundSession | null)[]>;
  /** The other half, for one. @returns null if the session is over by now */
  use(db: Sql, found: FoundSession): Promise<SignedInSession | null>;
  /** Those of these sessions that have ended or have another token, in one statement. */
  lost(db: Sql, sessions: readonly Session[]): Promise<Session[]>;
}

/** Asks how sessions stand, in one statement for all who ask in the same turn. */
export interface SessionChecks {
  /** `checkedAt`: before it was asked, by `performance.now()`. */
  check(session: Session): Promise<{ readonly standing: Standing; readonly checkedAt: number }>;
}

/** Keeps how what is listened to stands, to find later what has changed without a wake-up. */
export interface TopicMarks {
  /**
   * How it stands now, before whoever has just begun to listen reads its rows: what changes from then on is found. Resolves
   * when that is known, or cannot be known now.
   * @param isListening whether who asked listens still: if not, another one may have begun to meanwhile
   */
  note(topic: Topic, isListening: () => boolean): Promise<void>;
}

/** Is told which devices have a subscription open on this server. */
export interface OpenDevices {
  comes(accountId: string, deviceId: string): void;
  goes(deviceId: string): void;
}
