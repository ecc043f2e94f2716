import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { LiveStream, msUntilOver, type Sight } from '../api/live.js';
import type { Bus, Topic } from '../bus/bus.js';
import { Challenge } from './challenge.types.js';
import { isProven } from './challenge-rules.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** A challenge as it changes, for the device that is answering it. */
export class ChallengeStream {
  constructor(
    private readonly bus: Bus,
    private readonly views: ChallengeViews,
  ) {}

  /**
   * The challenge now and at each change of what is seen of it; it completes once the challenge is over.
   * @throws NotFound if the token names none
   */
  async open(context: Context, token: string): Promise<AsyncGenerator<Challenge>> {
    const view = await this.views.find(context.db, token);
    if (!view) throw new NotFound('challenge');
    return new ChallengeEvents(this.bus, this.views, context, token, topicsOf(view));
  }
}

class ChallengeEvents extends LiveStream<Challenge> {
  private told = '';

  constructor(
    bus: Bus,
    private readonly views: ChallengeViews,
    private readonly context: Context,
    private readonly token: string,
    topics: readonly Topic[],
  ) {
    super(bus, topics, context.socket);
  }

  protected override async look(): Promise<Sight<Challenge>> {
    const checkedAt = performance.now();
    const view = await this.views.find(this.context.db, this.token);
    if (!view) return { news: [], checkedAt, isLast: true };
    const challenge = new Challenge(view);
    const isOver = view.state !== 'PENDING';
    return {
      news: seenOf(challenge) === this.told ? [] : [challenge],
      checkedAt,
      isLast: isOver,
      ...(!isOver && { changesInMs: msUntilOver(view.msLeft) }),
    };
  }

  protected override tell(challenge: Challenge): void {
    this.told = seenOf(challenge);
  }
}

/** What is seen of it, so that it is told again only when this has changed. */
function seenOf(challenge: Challenge): string {
  const { view } = challenge;
  const all = { ...challenge, view: undefined, sentTo: view.maskedAddress, deliveries: view.deliveries };
  return JSON.stringify(all, withoutCountdowns);
}

/** What only counts down is no change: whoever listens has the number and counts himself. */
function withoutCountdowns(name: string, value: unknown): unknown {
  return name === 'seconds' || name.endsWith('InSeconds') ? undefined : value;
}

/** Which devices are online is told too; where no password was proven nothing depends on them. */
function topicsOf({ row }: ChallengeView): Topic[] {
  const own: Topic = `challenge:${row.id}`;
  if (!row.accountId || !isProven(row.purpose)) return [own];
  return [own, `account:${row.accountId}`, `presence:${row.accountId}`];
}
