import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { type Codes, newSalt } from '../codes/codes.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { DeviceDescription } from '../devices/devices.js';
import type { Method } from '../outbox/delivery.entity.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { ChallengeRow, type Purpose } from './challenge.entity.js';
import { isPasswordProven } from './challenge-rules.js';
import type { ChallengeSends } from './challenge-sends.js';

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

/** A challenge that was just opened, with the one copy of its token. */
export interface OpenedChallenge {
  readonly row: ChallengeRow;
  readonly token: string;
}

/** Opens challenges and sends their code for the first time. */
export class ChallengeOpenings {
  constructor(
    private readonly codes: Codes,
    private readonly sends: ChallengeSends,
    private readonly limits: Limits,
  ) {}

  /** For SIGN_IN and ENABLE_TWO_STEP the account must be locked, and its epoch the one under which it was proven. */
  async open(tx: Tx, opening: ChallengeOpening): Promise<OpenedChallenge> {
    const token = newToken('chl');
    const { account, device, purpose } = opening;
    const codeLength = purpose === 'SIGN_IN' ? this.limits.CODE_DIGITS : this.limits.OPEN_CODE_DIGITS;
    const row = await rowOf<ChallengeRow>(
      tx,
      sql`insert into challenge (id, account_id, purpose, token_hash, key_id, salt, code_length, method, epoch, session_id,
            device_id, email, password_hash, mail_held, is_silent, device_name, device_model, platform, os_version,
            app_version, notifications_enabled, ip_address, locale, expires_at)
          values (${randomUUID()}, ${account?.id ?? null}, ${purpose}, ${tokenHash('chl', token)}, ${this.codes.currentKeyId},
            ${newSalt()}, ${codeLength}, ${opening.method}, ${isPasswordProven(purpose) ? account?.epoch : null}, ${opening.sessionId},
            ${opening.deviceId}, ${opening.email}, ${opening.passwordHash}, ${opening.mailHeld}, ${opening.isSilent},
            ${device.name}, ${device.model}, ${device.platform}, ${device.osVersion},
            ${device.appVersion}, ${device.notificationsEnabled}, ${opening.ipAddress}, ${opening.locale},
            clock_timestamp() + make_interval(secs => ${this.limits.CHALLENGE_SECONDS}))
          returning ${columns(ChallengeRow)}`,
    );
    if (!row) throw new Error('an insert returned no row');
    return { row: await this.sends.sendFirst(tx, row), token };
  }
}
