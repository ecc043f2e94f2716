import type { Context } from '../api/context.js';
import { LiveStream, type Sight } from '../api/live.js';
import type { Bus } from '../bus/bus.js';
import type { Session, Standing } from './sessions.js';

/** Asks how sessions stand, in one statement for all who ask in the same turn. */
export interface SessionChecks {
  /** `checkedAt`: before it was asked, by `performance.now()`. */
  check(session: Session): Promise<{ readonly standing: Standing; readonly checkedAt: number }>;
}

/** What was seen for a session, and how that stood, not before it was seen. */
export interface SessionSight<Item> extends Sight<Item> {
  readonly standing: Standing;
}

/**
 * A subscription of a session, which tells nothing once the session is over, or has another token than it was begun with.
 * Where that is so the socket is told to come back, and whoever knows the new token subscribes again.
 */
export abstract class SessionStream<Item> extends LiveStream<Item> {
  /** @param needsTrust whether it completes when the session's device is trusted no more */
  protected constructor(
    bus: Pick<Bus, 'subscribe'>,
    protected readonly context: Context,
    protected readonly session: Session,
    private readonly needsTrust: boolean,
  ) {
    super(bus, [`account:${session.accountId}`], context.socket);
  }

  protected abstract see(): Promise<SessionSight<Item>>;

  protected override async look(): Promise<Sight<Item>> {
    const seen = await this.see();
    if (seen.standing === 'OVER') this.context.socket?.endSession();
    if (seen.standing === 'RENEWED') return { news: [], checkedAt: seen.checkedAt };
    const isLast = seen.standing === 'OVER' || (this.needsTrust && seen.standing === 'UNTRUSTED');
    return isLast ? { news: [], checkedAt: seen.checkedAt, isLast } : seen;
  }
}
