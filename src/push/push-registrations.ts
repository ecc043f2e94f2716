import { BadUserInput } from '../api/errors.js';
import type { Session } from '../api/session.js';
import type { SigningKey } from '../codes/signing-keys.js';
import type { Config } from '../config/config.js';
import { forgetPush, makePushRoom, registerPush } from '../devices/push-subscriptions.js';
import { lockOwner, lockTrustedOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import { sql } from '../sql/statement.js';
import type { Transactions } from '../sql/transactions.js';
import type { PushSubscriptionInput } from './push.types.js';
import { readSubscription } from './subscription-input.js';
import { currentKeyOf, vapidPublicKey } from './vapid.js';

/** The push subscriptions of devices. */
export class PushRegistrations {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly config: Pick<Config, 'vapidKeys' | 'pushAllow' | 'limits'>,
  ) {}

  /**
   * Registers what wakes the session's device, for as long as the session is live and the device trusted.
   * @throws ApiError FORBIDDEN without keys, or where the device is not trusted; BadUserInput, Unauthenticated
   */
  async register(session: Session, input: PushSubscriptionInput): Promise<void> {
    const { pushAllow, limits } = this.config;
    const current = currentKeyOf(this.config.vapidKeys);
    const subscription = readSubscription(input, pushAllow);
    const keyId = input.pushKey == null ? null : this.keyOf(input.pushKey).id;
    await this.transactions.run(async (tx) => {
      await lockTrustedOwner(tx, this.sessions, session);
      const { deviceId, accountId, id: sessionId } = session;
      registerPush(tx, { ...subscription, deviceId, sessionId, keyId, currentKeyId: current.id });
      makePushRoom(tx, accountId, deviceId, limits.PUSH_DEVICES);
      tx.wake(`account:${accountId}`);
    });
  }

  private keyOf(pushKey: string): SigningKey {
    const wanted = pushKey.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
    const key = this.config.vapidKeys.find((candidate) => vapidPublicKey(candidate) === wanted);
    if (!key) throw new BadUserInput('input.pushKey', 'is no key of this server, or no longer: subscribe anew');
    return key;
  }

  /** Forgets it; from any session of the device. @throws Unauthenticated */
  async unregister(session: Session): Promise<void> {
    await this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      forgetPush(tx, sql`d.id = ${session.deviceId}`);
      tx.wake(`account:${session.accountId}`);
    });
  }
}
