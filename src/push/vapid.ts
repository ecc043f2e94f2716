import { ApiError } from '../api/errors.js';
import type { SigningKey } from '../codes/signing-keys.js';

/** For how long a push service takes what was signed for it: less than the day that it may be (RFC 8292, 2). */
const TOKEN_SECONDS = 12 * 3600;
/** For how long it is used: the clocks of others may be wrong by the rest. */
const USED_MS = 3_600_000;
/** Of addresses that others chose there may be any number. */
const KEPT_MOST = 1_000;

/** The public key of one of `VAPID_KEYS`, as browsers subscribe under it: an uncompressed point of P-256, base64url (RFC 8292, 3.2). */
export function vapidPublicKey({ publicKey }: Pick<SigningKey, 'publicKey'>): string {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('base64url');
}

/** The one of `VAPID_KEYS` under which devices subscribe now. @throws ApiError FORBIDDEN without any */
export function currentKeyOf(keys: readonly SigningKey[]): SigningKey {
  const [current] = keys;
  if (!current) throw new ApiError('FORBIDDEN', 'This server sends no pushes: VAPID_KEYS is not set.');
  return current;
}

/** Says to push services who sends (RFC 8292): signed once an hour for each of them. */
export class Vapid {
  private readonly kept = new Map<string, { readonly header: Promise<string>; readonly until: number }>();

  /** @param subject where they write to when something is wrong */
  constructor(
    private readonly keys: readonly SigningKey[],
    private readonly subject: string,
  ) {}

  get keyIds(): readonly string[] {
    return this.keys.map(({ id }) => id);
  }

  /**
   * What goes into `Authorization`.
   * @param now by the database's clock, as that of a process may be wrong
   * @returns null where `VAPID_KEYS` has no such key here
   */
  header(keyId: string, origin: string, now: Date): Promise<string> | null {
    const key = this.keys.find(({ id }) => id === keyId);
    if (!key) return null;
    const name = `${keyId} ${origin}`;
    const kept = this.kept.get(name);
    if (kept && now.getTime() < kept.until && now.getTime() >= kept.until - USED_MS) return kept.header;
    if (this.kept.size >= KEPT_MOST) this.kept.clear();
    const header = this.sign(key, origin, now);
    this.kept.set(name, { header, until: now.getTime() + USED_MS });
    header.catch(() => this.kept.delete(name));
    return header;
  }

  private async sign(key: SigningKey, origin: string, now: Date): Promise<string> {
    const { SignJWT } = await import('jose');
    const token = await new SignJWT({ sub: this.subject })
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .setAudience(origin)
      .setExpirationTime(Math.floor(now.getTime() / 1000) + TOKEN_SECONDS)
      .sign(key.privateKey);
    return `vapid t=${token}, k=${vapidPublicKey(key)}`;
  }
}
