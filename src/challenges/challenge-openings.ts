import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { type Codes, newSalt } from '../codes/codes.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { DeviceDescription } from '../devices/devices.js';
import type { Method } from '../outbox/delivery.entity.js';
import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import type { Purpose } from './challenge.entity.js';
import { isPasswordProven } from './challenge-rules.js';
import type { ChallengeSends, Sent } from './challenge-sends.js';
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
    };
    const isWithheld = method === 'EMAIL' && (await this.sends.isMailLimitReached(tx, first));
    const codeLength = purpose === 'SIGN_IN' ? this.limits.CODE_DIGITS : this.limits.OPEN_CODE_DIGITS;
    tx.write(
      sql`insert into challenge (id, account_id, purpose, token_hash, key_id, salt, code_length, method, epoch, session_id,
            device_id, email, password_hash, mail_held, is_silent, device_name, device_model, platform, os_version,
            app_version, notifications_enabled, ip_address, locale, sends, last_app_send_at, last_mail_send_at, expires_at)
          values (${id}, ${account?.id ?? null}, ${purpose}, ${tokenHash('chl', token)}, ${this.codes.currentKeyId},
            ${newSalt()}, ${codeLength}, ${method}, ${isPasswordProven(purpose) ? account?.epoch : null}, ${opening.sessionId},
            ${deviceId}, ${email}, ${opening.passwordHash}, ${opening.mailHeld}, ${opening.isSilent},
            ${device.name}, ${device.model}, ${device.platform}, ${device.osVersion},
            ${device.appVersion}, ${device.notificationsEnabled}, ${ipAddress}, ${locale},
            1, ${method === 'APP' ? sql`clock_timestamp()` : sql`null`}, ${method === 'EMAIL' ? sql`clock_timestamp()` : sql`null`},
            clock_timestamp() + make_interval(secs => ${this.limits.CHALLENGE_SECONDS}))`,
    );
    this.sends.deliver(tx, first, isWithheld);
    const view = this.views.opened(tx, id, token);
    // Whoever waits for the end of the transaction is told what failed first.
    view.catch(() => undefined);
    return { view };
  }
}
