import { type Context, requireSession } from '../api/context.js';
import { Forbidden, Unauthenticated } from '../api/errors.js';
import { msUntilOver } from '../api/live.js';
import type { Session, Standing } from '../api/session.js';
import type { Bus } from '../bus/bus.js';
import { type SessionSight, SessionStream } from '../sessions/session-stream.js';
import { LoginRequest } from './login-request.types.js';
import type { LoginRequestView, LoginRequestViews } from './login-request-views.js';

/** What of a request was told last: it is told again when this changes. */
type Told = Pick<LoginRequestView, 'state' | 'mayBeShown'> & { readonly sentAt: number | undefined };

/** The live codes: what a trusted device is sent for as long as it listens. */
export class LoginRequestStream {
  constructor(
    private readonly bus: Bus,
    private readonly views: LoginRequestViews,
  ) {}

  /**
   * Every request whose time is not over, then each new one, and each again when its state changes or its code is sent
   * again. It completes when the device is trusted no more.
   * @throws Unauthenticated, Forbidden
   */
  async open(context: Context): Promise<AsyncGenerator<LoginRequest>> {
    const events = new LoginRequestEvents(this.bus, this.views, context, requireSession(context));
    try {
      await events.open();
      return events;
    } catch (error) {
      await events.return();
      throw error;
    }
  }
}

class LoginRequestEvents extends SessionStream<LoginRequest> {
  private readonly told = new Map<string, Told>();
  private standing: Standing = 'OVER';

  constructor(
    bus: Bus,
    private readonly views: LoginRequestViews,
    context: Context,
    session: Session,
  ) {
    super(bus, context, session, true);
  }

  /** @throws Unauthenticated, Forbidden */
  async open(): Promise<void> {
    await this.begin();
    if (this.standing === 'UNTRUSTED') throw new Forbidden();
    if (this.standing !== 'TRUSTED') throw new Unauthenticated();
  }

  protected override async see(): Promise<SessionSight<LoginRequest>> {
    const { standing, requests, checkedAt } = await this.views.see({
      session: this.session,
      told: [...this.told.keys()],
    });
    this.standing = standing;
    const news = requests.filter((request) => isNews(request, this.told.get(request.row.id)));
    for (const { row, msLeft } of requests) {
      // Past its time, and told as it is: it will not change any more.
      if (msLeft <= 0 && !news.some((request) => request.row === row)) this.told.delete(row.id);
    }
    const ends = requests.filter(({ state }) => state === 'PENDING').map(({ msLeft }) => msUntilOver(msLeft));
    return {
      standing,
      news: news.map((request) => new LoginRequest(request)),
      checkedAt,
      ...(ends.length > 0 && { changesInMs: Math.min(...ends) }),
    };
  }

  protected override mayTell({ view: { row, code } }: LoginRequest): boolean | Promise<boolean> {
    return code === null || this.views.show(this.context.db, this.session, row.id);
  }

  protected override tell({ view: { row, state, mayBeShown, msLeft } }: LoginRequest): void {
    if (msLeft > 0) this.told.set(row.id, { state, mayBeShown, sentAt: row.lastAppSendAt?.getTime() });
    else this.told.delete(row.id);
  }
}

function isNews({ state, mayBeShown, row }: LoginRequestView, told: Told | undefined): boolean {
  return state !== told?.state || mayBeShown !== told.mayBeShown || row.lastAppSendAt?.getTime() !== told.sentAt;
}
