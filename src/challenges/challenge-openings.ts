import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { type Codes, newSalt } from '../codes/codes.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { DeviceDescription } from '../devices/devices.js';
import type { Method } from '../outbox/delivery.entity.js';
import type { Tx } from '../sql/transactions.js';
import type { Purpose } from './challenge.entity.js';
import { purposeRules } from './challenge-purposes.js';
import { isProven } from './challenge-rules.js';
import { type ChallengeSends, type Sent, unprovenFor } from './challenge-sends.js';
import { addChallenge } from './challenge-states.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** What a challenge starts with. */
export interface ChallengeOpening {
  readonly purpose: Purpose;
  /** Null for a sign-up, and for a reset of an address that nobody has. */
  readonly account: AccountRow | null;
  readonly email: string;
  readonly method: Method;
  readonly device: DeviceDescription;
  /** The device that asks, where the account knows it. */
  readonly deviceId: string | null;
  /** The session that started it and alone may answer it. */
  readonly sessionId: string | null;
  readonly passwordHash: string | null;
  readonly mailHeld: boolean;
  readonly isSilent: boolean;
  readonly ipAddress: string;
  readonly locale: string;
}

/** A challenge that was just opened; how it looks is there once the transaction is over. */
export interface OpenedChallenge {
  readonly view: Promise<ChallengeView>;
}

/** Opens challenges and sends their code for the first time. */
export class ChallengeOpenings {
  constructor(
    private readonly codes: Codes,
    private readonly sends: ChallengeSends,
    private readonly views: ChallengeViews,
    private readonly limits: Limits,
  ) {}

  /** For SIGN_IN and ENABLE_TWO_STEP the account must be locked, and its epoch the one under which it was proven. */
  async open(tx: Tx, opening: ChallengeOpening): Promise<OpenedChallenge> {
    const { account, device, purpose, method, email, deviceId, ipAddress, locale } = opening;
    const id = randomUUID();
    const token = newToken('chl');
    const first: Sent = {
      id,
      accountId: account?.id ?? null,
      purpose,
      method,
      email,
      deviceId,
      deviceName: device.name,
      platform: device.platform,
      ipAddress,
      locale,
      unprovenFor: unprovenFor(account, purpose),
    };
    const isWithheld = method === 'EMAIL' && (await this.sends.isMailLimitReached(tx, first));
    const codeLength = this.limits[purposeRules[purpose].digits];
    addChallenge(
      tx,
      {
        ...first,
        tokenHash: tokenHash('chl', token) as Buffer,
        keyId: this.codes.currentKeyId,
        salt: newSalt(),
        codeLength,
        epoch: isProven(purpose) ? account?.epoch : null,
        sessionId: opening.sessionId,
        passwordHash: opening.passwordHash,
        mailHeld: opening.mailHeld,
        isSilent: opening.isSilent,
        deviceModel: device.model,
        osVersion: device.osVersion,
        appVersion: device.appVersion,
        notificationsEnabled: device.notificationsEnabled,
      },
      this.limits,
    );
    this.sends.deliver(tx, first, isWithheld);
    const view = this.views.opened(tx, id, token);
    // Whoever waits for the end of the transaction is told what failed first.
    view.catch(() => undefined);
    return { view };
  }
}
