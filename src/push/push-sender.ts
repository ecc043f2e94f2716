import type { Logger } from 'pino';
import type { Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import { noteAnswers } from '../devices/push-subscriptions.js';
import { Turns } from '../mail/turns.js';
import { type Errand, Lanes, type Tried } from '../outbox/lane.js';
import { type ClaimedPush, claimPushes, originsOf, recordPushes } from '../outbox/pushes.js';
import type { Sql } from '../sql/database.js';
import type { PushTries, TriedPush } from './push-tries.js';

/** Lanes that send at the same time, unless they take long; and all in all. */
const [QUICK_LANES, LANES, LONG_MS] = [50, 500, 1_000];
/** Pushes to one push service that are taken up together, and how many times that at the same time. */
const [WIDTH, ABREAST] = [20, 5];
/** Beyond the time of an answer: by then what became of it is written down, or whoever had it is gone. */
const CLAIM_MARGIN_SECONDS = 5;

/** Sends pushes: each push service has a lane of its own. */
export class PushSender {
  private readonly lanes: Lanes<ClaimedPush>;

  constructor(
    private readonly db: Sql,
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly tries: PushTries,
    private readonly limits: Pick<Limits, 'PUSH_SECONDS'>,
    private readonly logger: Logger,
  ) {
    const turns = new Turns(QUICK_LANES, LANES, LONG_MS);
    this.lanes = new Lanes({ turns, logger, what: 'pushes', width: WIDTH, abreast: ABREAST });
  }

  /** Wakes the lanes that a challenge's pushes wait for; nobody waits for what they do. */
  async wake(challengeId: string): Promise<void> {
    for (const origin of await originsOf(this.db, challengeId)) {
      this.lanes.look(origin, { origin }, () => this.errandTo(origin));
    }
  }

  private errandTo(origin: string): Errand<ClaimedPush> {
    const claimSeconds = this.limits.PUSH_SECONDS + CLAIM_MARGIN_SECONDS;
    const { keyIds } = this.tries;
    return {
      claim: (most) => claimPushes(this.db, origin, most, { claimSeconds, keyIds }),
      run: async (pushes) => {
        const tried = await this.tries.try(pushes, this.lanes.cutOff);
        await this.write(origin, tried);
        return tried.map(saysOfService);
      },
    };
  }

  /** What the service said of subscriptions first: whoever reads what became of a push finds the device as it is since. */
  private async write(origin: string, tried: readonly TriedPush[]): Promise<void> {
    const answers = tried.flatMap(({ answered }) => answered ?? []);
    const refused = tried.filter(({ outcome }) => outcome.state === 'REFUSED');
    const forgotten = answers.length > 0 ? await noteAnswers(this.db, answers) : 0;
    const outcomes = tried.map(({ outcome }) => outcome);
    for (const challengeId of await recordPushes(this.db, outcomes)) this.bus.publish(`challenge:${challengeId}`);
    // Both may be nothing to worry about; that all are refused is a fault of ours, or what the operator has set.
    if (forgotten > 0) this.logger.info({ origin, forgotten }, 'pushes: forgot subscriptions that are stale');
    const [first] = refused;
    if (!first) return;
    const { statusCode, fault } = first.outcome;
    this.logger.warn({ origin, refused: refused.length, statusCode, fault }, 'pushes: a push service refuses some');
  }

  /** See `Lanes.close`. */
  close(runningMs: number, lastWordsMs: number): Promise<void> {
    return this.lanes.close(runningMs, lastWordsMs);
  }
}

/** That one subscription is gone, or refused, says nothing of the others. */
function saysOfService({ outcome, restMs }: TriedPush): Tried {
  const { state, fault, statusCode } = outcome;
  return { fault: state === 'PENDING' ? fault : null, statusCode, restMs };
}
