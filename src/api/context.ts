import type { Sql } from '../sql/database.js';
import type { Locale, Texts } from '../texts/texts.js';
import type { CookieJar } from './cookie-jar.js';
import { HeldElsewhere, Unauthenticated } from './errors.js';
import type { SignedInSession } from './session.js';

/** Who asks, whether or not it is signed in. */
export interface Client {
  /** As told by the connection, or by a proxy of `TRUST_PROXY`. */
  readonly ipAddress: string;
  readonly locale: Locale;
}

/** What a subscription may do to the socket that it runs on. */
export interface SocketHandle {
  /** Closes it because its session is over; nothing more is written to it. */
  endSession(): void;
  /** A subscription has begun: the session's device, if any, is online. */
  subscribed(): void;
  /** It has ended. */
  unsubscribed(): void;
}

/** What every resolver is given: made anew for each request, and for each operation on a socket. */
export interface Context {
  /** One connection at a time, for all that this asks for at once. */
  readonly db: Sql;
  /** Null: nobody is signed in. */
  readonly session: SignedInSession | null;
  readonly client: Client;
  readonly texts: Texts;
  /** The instance of a resolver class: subscriptions start outside of one. */
  resolver<T>(type: new (...args: never[]) => T): T;
  /** Null: the client keeps its tokens itself. Else the session, if any, is that of its cookie. */
  readonly cookies: CookieJar | null;
  /** Null over HTTP. */
  readonly socket: SocketHandle | null;
  /** Work that must not delay the answer; it runs when the answer has left. */
  afterAnswer(work: () => Promise<void>): void;
}

/** Who a field needs: somebody who is signed in. @throws Unauthenticated */
export function requireSession({ session }: Pick<Context, 'session'>): SignedInSession {
  if (!session) throw new Unauthenticated();
  return session;
}

/** The same where the password is asked for, or the account's own second step set up. @throws HeldElsewhere for a subject's */
export function requireOwnSession(context: Pick<Context, 'session'>): SignedInSession {
  const session = requireSession(context);
  if (session.account.externalId != null) throw new HeldElsewhere();
  return session;
}
