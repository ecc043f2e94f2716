import { type Context, requireSession } from '../api/context.js';
import { Forbidden, Unauthenticated } from '../api/errors.js';
import { msUntilOver } from '../api/live.js';
import type { Session, Standing } from '../api/session.js';
import type { Bus } from '../bus/bus.js';
import type { PromptKind } from '../challenges/prompt-kinds.js';
import { type SessionSight, SessionStream } from '../sessions/session-stream.js';
import type { PromptView, PromptViews } from './prompt-views.js';

/** What of a prompt was told last: it is told again when this changes. */
type Told = Pick<PromptView, 'state' | 'mayBeShown'> & { readonly sentAt: number | undefined };

/** The live codes: what a trusted device is sent for as long as it listens. */
export class PromptStream {
  constructor(
    private readonly bus: Bus,
    private readonly views: PromptViews,
  ) {}

  /**
   * Every prompt of the kind whose time is not over, then each new one, and each again when its state changes or its code
   * is sent again. It completes when the device is trusted no more.
   * @throws Unauthenticated, Forbidden
   */
  async open(context: Context, kind: PromptKind): Promise<AsyncGenerator<PromptView>> {
    const events = new PromptEvents(this.bus, this.views, context, requireSession(context), kind);
    try {
      await events.open();
      return events;
    } catch (error) {
      await events.return();
      throw error;
    }
  }
}

class PromptEvents extends SessionStream<PromptView> {
  private readonly told = new Map<string, Told>();
  private standing: Standing = 'OVER';

  constructor(
    bus: Bus,
    private readonly views: PromptViews,
    context: Context,
    session: Session,
    private readonly kind: PromptKind,
  ) {
    super(bus, context, session, true);
  }

  /** @throws Unauthenticated, Forbidden */
  async open(): Promise<void> {
    await this.begin();
    if (this.standing === 'UNTRUSTED') throw new Forbidden();
    if (this.standing !== 'TRUSTED') throw new Unauthenticated();
  }

  protected override async see(): Promise<SessionSight<PromptView>> {
    const seen = await this.views.see({ session: this.session, told: [...this.told.keys()] });
    const { standing, checkedAt } = seen;
    this.standing = standing;
    const prompts = seen.prompts.filter(({ kind }) => kind === this.kind);
    const news = prompts.filter((prompt) => isNews(prompt, this.told.get(prompt.row.id)));
    for (const { row, msLeft } of prompts) {
      // Past its time, and told as it is: it will not change any more.
      if (msLeft <= 0 && !news.some((prompt) => prompt.row === row)) this.told.delete(row.id);
    }
    const ends = prompts.filter(({ state }) => state === 'PENDING').map(({ msLeft }) => msUntilOver(msLeft));
    return { standing, news, checkedAt, ...(ends.length > 0 && { changesInMs: Math.min(...ends) }) };
  }

  protected override mayTell({ row, code }: PromptView): boolean | Promise<boolean> {
    return code === null || this.views.show(this.context.db, this.session, row.id);
  }

  protected override tell({ row, state, mayBeShown, msLeft }: PromptView): void {
    if (msLeft > 0) this.told.set(row.id, { state, mayBeShown, sentAt: row.lastAppSendAt?.getTime() });
    else this.told.delete(row.id);
  }
}

function isNews({ state, mayBeShown, row }: PromptView, told: Told | undefined): boolean {
  return state !== told?.state || mayBeShown !== told.mayBeShown || row.lastAppSendAt?.getTime() !== told.sentAt;
}
