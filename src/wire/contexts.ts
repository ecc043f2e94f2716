import type { Logger } from 'pino';
import type { Client, Context } from '../api/context.js';
import type { SignedInSession } from '../api/session.js';
import { canonicalIp } from '../places/client-network.js';
import type { Sql } from '../sql/database.js';
import { SharedConnection } from '../sql/shared-connection.js';
import { localeOf, type Texts } from '../texts/texts.js';

/** How an operation came in. */
type Transport = Pick<Context, 'cookies' | 'socket'>;

/** Makes the context of each operation. */
export class Contexts {
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly db: Sql,
    private readonly texts: Texts,
    private readonly resolver: Context['resolver'],
    private readonly logger: Logger,
  ) {}

  client(ipAddress: string, acceptLanguage: string | undefined): Client {
    return { ipAddress: canonicalIp(ipAddress), locale: localeOf(acceptLanguage) };
  }

  create(client: Client, session: SignedInSession | null, transport: Partial<Transport> = {}): Context {
    return {
      db: new SharedConnection(this.db),
      session,
      client,
      texts: this.texts,
      resolver: this.resolver,
      cookies: transport.cookies ?? null,
      socket: transport.socket ?? null,
      afterAnswer: (work) => this.later(work),
    };
  }

  /** In a later turn of the event loop: the answer has been handed to the socket by then. */
  private later(work: () => Promise<void>): void {
    const done = new Promise<void>((resolve) => {
      setTimeout(resolve, 10);
    })
      .then(work)
      .catch((error) => this.logger.error({ err: error }, 'work after an answer failed'))
      .finally(() => this.underWay.delete(done));
    this.underWay.add(done);
  }

  /** Resolves when nothing is left to do after answers. */
  async close(): Promise<void> {
    await Promise.all(this.underWay);
  }
}
