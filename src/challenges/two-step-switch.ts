import type { AccountRow } from '../accounts/account.entity.js';
import { setTwoStep } from '../accounts/accounts.js';
import type { Happening, SecurityEvents } from '../activity/security-events.js';
import type { Devices } from '../devices/devices.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Tx } from '../sql/transactions.js';
import { shutDoor } from './challenge-ends.js';

/** What turning it on has brought about. */
export interface TurnedOn {
  readonly account: AccountRow;
  /** Other sessions that ended by that. */
  readonly sessionsEnded: number;
}

/** Turns two-step verification on and off, whoever asks for it. The account must be locked by the transaction. */
export class TwoStepSwitch {
  constructor(
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Ends every other session: whoever is signed in from now on has passed the second step. The challenge that this is done
   * for was consumed before, since all that wait end by it.
   * @param keptSessionId null: there is none yet
   */
  async turnOn(tx: Tx, accountId: string, keptSessionId: string | null): Promise<TurnedOn> {
    await shutDoor(tx, accountId);
    const account = await setTwoStep(tx, accountId, true);
    const { count } = await this.sessions.endOthers(tx, accountId, keptSessionId);
    return { account, sessionsEnded: count };
  }

  /** Forgets every device's trust; sessions go on. */
  async turnOff(tx: Tx, account: AccountRow, by: Happening): Promise<AccountRow> {
    await shutDoor(tx, account.id);
    this.devices.forgetTrust(tx, account.id, null);
    this.events.tell(tx, account, 'TWO_STEP_DISABLED', by);
    return setTwoStep(tx, account.id, false);
  }
}
