import { NotFound, RateLimited } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { mayShowCodes } from '../challenges/code-devices.js';
import type { Config } from '../config/config.js';
import { pushingTest } from '../outbox/pushes.js';
import { lockTrustedOwner } from '../sessions/owner.js';
import { isLive } from '../sessions/session-rules.js';
import type { Sessions } from '../sessions/sessions.js';
import { msUntil } from '../sql/clock.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { unindexed } from '../sql/unindexed.js';
import { Wait } from '../texts/times.js';
import { currentKeyOf } from './vapid.js';

/** For how long its owner looks at the device: later a test message would only surprise. */
const AWAITED_SECONDS = 60;

/** Messages of devices to themselves, by their push services: whoever sees one knows that codes come too. */
export class TestPushes {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly config: Pick<Config, 'vapidKeys' | 'limits'>,
  ) {}

  /**
   * Sends one to the session's device, where a prompt would be pushed to it.
   * @throws ApiError FORBIDDEN without keys, or where the device is not trusted; NotFound, RateLimited, Unauthenticated
   */
  async send(session: Session): Promise<void> {
    const { vapidKeys, limits } = this.config;
    currentKeyOf(vapidKeys);
    await this.transactions.run(async (tx) => {
      await lockTrustedOwner(tx, this.sessions, session);
      await this.requireAllowed(tx, session.deviceId);
      // One that was refused is tried as well: that tells whether the fault is over.
      const written = await rowOf<{ id: string }>(
        tx,
        pushingTest(sql`select d.id, ps.origin, clock_timestamp() + make_interval(secs => ${AWAITED_SECONDS})
          from device d join push_subscription ps on ps.device_id = d.id
            join session s on s.id = ps.session_id and ${unindexed(isLive(limits, 's'))}
          where d.id = ${session.deviceId} and ${mayShowCodes(limits, 'd')}`),
      );
      if (!written) throw new NotFound('push subscription');
      tx.push(written.id);
    });
  }

  /** The account is locked: nobody writes another one meanwhile. */
  private async requireAllowed(tx: Tx, deviceId: string): Promise<void> {
    const { TEST_PUSHES_PER_HOUR: most } = this.config.limits;
    const nextAt = sql`created_at + interval '1 hour'`;
    const last = await rowOf<{ nextAt: Date; nextMs: number }>(
      tx,
      sql`select ${nextAt} as "nextAt", ${msUntil(nextAt)} as "nextMs" from push
          where device_id = ${deviceId} and is_test and created_at > clock_timestamp() - interval '1 hour'
          order by created_at desc offset ${most - 1} limit 1`,
    );
    if (last) throw new RateLimited(new Wait(last.nextAt, last.nextMs));
  }
}
