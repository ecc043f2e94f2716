import type { JWK, JWTPayload } from 'jose';
import type { SigningKey } from '../codes/signing-keys.js';

const ALGORITHM = 'ES256';
/** RFC 9068, 2.1: so that no JWT that was made for something else passes for one. */
const TYPE = 'at+jwt';

/** What a token has to be besides well signed. */
export interface Expected {
  readonly issuer: string;
  /** One of these it has to be for. */
  readonly audiences: readonly string[];
}

/**
 * The keys of `SIGNING_KEYS`: the first one signs, and what any of them has signed is good. Without any, the library is not
 * even loaded.
 */
export class KeySet {
  private readonly keys: ReadonlyMap<string, SigningKey>;

  constructor(keys: readonly SigningKey[]) {
    this.keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** Their public halves as a JWK Set (RFC 7517, 5). */
  async published(): Promise<{ readonly keys: readonly JWK[] }> {
    if (this.isEmpty) return { keys: [] };
    const { exportJWK } = await import('jose');
    const keys = [...this.keys.values()].map(async ({ id, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      ...{ kid: id, alg: ALGORITHM, use: 'sig' },
    }));
    return { keys: await Promise.all(keys) };
  }

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  async sign(claims: object): Promise<string> {
    const [newest] = this.keys.values();
    if (!newest) throw new RangeError('signing needs a key');
    const { SignJWT } = await import('jose');
    const header = { alg: ALGORITHM, typ: TYPE, kid: newest.id };
    return new SignJWT({ ...claims }).setProtectedHeader(header).sign(newest.privateKey);
  }

  /**
   * The claims of a token that one of the keys has signed, for one of the audiences. Whether it is in time is not looked at:
   * that is the database's to say.
   * @returns null for any other
   */
  async verified(token: string, { issuer, audiences }: Expected): Promise<JWTPayload | null> {
    if (audiences.length === 0 || this.isEmpty) return null;
    const { errors, jwtVerify } = await import('jose');
    const keyOf = ({ kid = '' }: { kid?: string }) => {
      const key = this.keys.get(kid);
      if (!key) throw new errors.JWKSNoMatchingKey();
      return key.publicKey;
    };
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        ...{ algorithms: [ALGORITHM], typ: TYPE, issuer, audience: [...audiences] },
        currentDate: new Date(0),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }
}
