import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { liveStream, msToNextLook, msUntilOver } from '../api/live.js';
import { Alarm, type Bus, type Topic } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import { Challenge } from './challenge.types.js';
import { isPasswordProven } from './challenge-rules.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** A challenge as it changes, for the device that is answering it. */
export class ChallengeStream {
  constructor(
    private readonly bus: Bus,
    private readonly views: ChallengeViews,
    private readonly limits: Limits,
  ) {}

  /**
   * The challenge now and at each change of what is seen of it; it completes once the challenge is over.
   * @throws NotFound if the token names none
   */
  async open(context: Context, token: string): Promise<AsyncIterableIterator<Challenge>> {
    const view = await this.views.find(context.db, token);
    if (!view) throw new NotFound('challenge');
    const alarm = new Alarm(this.bus, topicsOf(view));
    return liveStream(alarm, this.events(context, token, alarm));
  }

  private async *events(context: Context, token: string, alarm: Alarm): AsyncGenerator<Challenge> {
    const unsubscribed = context.socket?.subscribed();
    let told = '';
    try {
      while (!alarm.isOver) {
        const view = await this.views.find(context.db, token);
        if (!view || alarm.isOver) return;
        const challenge = new Challenge(view);
        const all = { ...challenge, view: undefined, sentTo: view.maskedAddress, deliveries: view.deliveries };
        const seen = JSON.stringify(all, withoutCountdowns);
        if (seen !== told) {
          told = seen;
          yield challenge;
        }
        if (view.state !== 'PENDING') return;
        await alarm.wait(Math.min(msToNextLook(this.bus, this.limits), msUntilOver(view.msLeft)));
      }
    } finally {
      alarm[Symbol.dispose]();
      unsubscribed?.();
    }
  }
}

/** What only counts down is no change: whoever listens has the number and counts himself. */
function withoutCountdowns(name: string, value: unknown): unknown {
  return name === 'seconds' || name.endsWith('InSeconds') ? undefined : value;
}

/** The account's topic tells of devices that come and go; where no password was proven nothing depends on them. */
function topicsOf({ row }: ChallengeView): Topic[] {
  const own: Topic = `challenge:${row.id}`;
  return row.accountId && isPasswordProven(row.purpose) ? [own, `account:${row.accountId}`] : [own];
}
