import type { AccountRow } from '../accounts/account.entity.js';
import { Account } from '../accounts/account.types.js';
import { addressOf } from '../accounts/addresses.js';
import type { Activities } from '../activity/activities.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { RateLimited } from '../api/errors.js';
import { Problem } from '../api/problem.js';
import type { Session } from '../api/session.js';
import type { AccountLimits } from '../challenges/account-limits.js';
import type { ChallengeRow } from '../challenges/challenge.entity.js';
import { Challenge, type ChallengeClosed, type WrongCode } from '../challenges/challenge.types.js';
import type { ChallengeOpenings, OpenedChallenge } from '../challenges/challenge-openings.js';
import { type Answerable, cancelSetUps, consume } from '../challenges/challenge-states.js';
import type { ChallengeTries } from '../challenges/challenge-tries.js';
import type { TwoStepSwitch } from '../challenges/two-step-switch.js';
import { TwoStepAlreadyEnabled } from '../challenges/two-step-switch.types.js';
import type { DeviceRow } from '../devices/device.entity.js';
import { type Devices, descriptionOfRow } from '../devices/devices.js';
import { lockOwner, type Owner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { TwoStepEnabled } from './two-step.types.js';

const field: Answerable = { own: ['ENABLE_TWO_STEP'], backends: [] };

type Request = Pick<Context, 'db' | 'client'> & { readonly session: Session };

/** Turns two-step verification on. */
export class TwoStep {
  constructor(
    private readonly transactions: Transactions,
    private readonly openings: ChallengeOpenings,
    private readonly tries: ChallengeTries,
    private readonly accountLimits: AccountLimits,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly activities: Activities,
    private readonly events: SecurityEvents,
    private readonly twoStepSwitch: TwoStepSwitch,
  ) {}

  /**
   * Sends a code to the account's address, which proves the mailbox that the fallback will use. A newer set-up of the
   * same session takes the place of the one before.
   */
  async startSetUp({ client, session }: Request): Promise<Challenge | TwoStepAlreadyEnabled> {
    const started = await this.transactions.run(async (tx) => {
      const { account, device } = await lockOwner(tx, this.sessions, session);
      if (account.twoStepEnabledAt) return new TwoStepAlreadyEnabled();
      const retry = await this.accountLimits.nextChallenge(tx, account.id, 'ENABLE_TWO_STEP', client.ipAddress);
      if (retry) throw new RateLimited(retry);
      cancelSetUps(tx, session);
      return this.open(tx, account, device, session, client);
    });
    return started instanceof Problem ? started : new Challenge(await started.view);
  }

  private open(
    tx: Tx,
    account: AccountRow,
    device: DeviceRow,
    session: Session,
    client: Context['client'],
  ): Promise<OpenedChallenge> {
    return this.openings.open(tx, {
      purpose: 'ENABLE_TWO_STEP',
      account,
      email: addressOf(account),
      method: 'EMAIL',
      device: descriptionOfRow(device),
      deviceId: device.id,
      sessionId: session.id,
      backend: null,
      passwordHash: null,
      mailHeld: false,
      isSilent: false,
      ipAddress: client.ipAddress,
      locale: client.locale,
    });
  }

  /** Turns it on, trusts the current device and ends every other session: whoever is signed in has passed the second step. */
  async enable(
    { db, client, session }: Request,
    token: string,
    code: string,
  ): Promise<TwoStepEnabled | WrongCode | ChallengeClosed> {
    const { ipAddress } = client;
    const attempt = { token, code, field, sessionId: session.id, ipAddress };
    const enabled = await this.tries.attempt(db, attempt, {
      look: (tx) => lockOwner(tx, this.sessions, session),
      enter: (tx, challenge, owner) => this.turnOn(tx, challenge, owner, session, ipAddress),
    });
    if (!enabled) return this.tries.closedState(db, token);
    if (enabled instanceof Problem) return enabled as WrongCode | ChallengeClosed;
    const account = new Account(enabled.account, { ...session, isTrusted: true });
    return new TwoStepEnabled(account, enabled.sessionsEnded);
  }

  private async turnOn(
    tx: Tx,
    challenge: ChallengeRow,
    { account: before, device }: Owner,
    session: Session,
    ipAddress: string,
  ) {
    if (before.twoStepEnabledAt || !(await consume(tx, challenge, field))) return null;
    const { account, sessionsEnded } = await this.twoStepSwitch.turnOn(tx, before.id, session.id);
    this.sessions.prove(tx, session.id);
    this.devices.trust(tx, device.id);
    const { name: deviceName, platform } = device;
    const entry = { deviceId: device.id, deviceName, platform, ipAddress, method: 'EMAIL' } as const;
    this.events.tell(tx, account, 'TWO_STEP_ENABLED', { ...entry, sessionId: session.id });
    this.activities.record(tx, { ...entry, accountId: account.id, type: 'DEVICE_TRUSTED' });
    return { account, sessionsEnded };
  }
}
