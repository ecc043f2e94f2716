import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { type BoundAction, type Codes, newSalt } from '../codes/codes.js';
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

/** What a product's backend has asked for, of which a challenge comes. */
export interface AskedByBackend {
  readonly clientId: string;
  readonly requestId: string;
  /** The challenge's, which the backend was told already. */
  readonly token: string;
  /** What the code stands for; null: for nothing but the challenge. */
  readonly action: BoundAction | null;
}

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
  /** The session that asks; where no backend did, it alone may answer. */
  readonly sessionId: string | null;
  /** Null: no backend did. */
  readonly backend: AskedByBackend | null;
  readonly passwordHash: string | null;
  readonly mailHeld: boolean;
  readonly isSilent: boolean;
  readonly ipAddress: string;
  readonly locale: string;
}

/** A challenge that was just opened; how it looks is there once the transaction is over. */
export interface OpenedChallenge {
  readonly id: string;
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

  /** Where the account was proven it must be locked, and its epoch the one under which that was. */
  async open(tx: Tx, opening: ChallengeOpening): Promise<OpenedChallenge> {
    const { account, device, purpose, method, email, deviceId, ipAddress, locale, backend } = opening;
    const id = randomUUID();
    const token = backend?.token ?? newToken('chl');
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
        clientId: backend?.clientId,
        requestId: backend?.requestId,
        action: backend?.action,
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
    return { id, view };
  }
}
