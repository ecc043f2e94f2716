import { errors, exportJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
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

/** The keys of `SIGNING_KEYS`: the first one signs, and what any of them has signed is good. */
export class KeySet {
  private readonly keys: ReadonlyMap<string, SigningKey>;

  constructor(keys: readonly SigningKey[]) {
    this.keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** Their public halves as a JWK Set (RFC 7517, 5). */
  async published(): Promise<{ readonly keys: readonly JWK[] }> {
    const keys = [...this.keys.values()].map(async ({ id, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      ...{ kid: id, alg: ALGORITHM, use: 'sig' },
    }));
    return { keys: await Promise.all(keys) };
  }

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  sign(claims: object): Promise<string> {
    const [newest] = this.keys.values();
    if (!newest) throw new RangeError('signing needs a key');
    const header = { alg: ALGORITHM, typ: TYPE, kid: newest.id };
    return new SignJWT({ ...claims }).setProtectedHeader(header).sign(newest.privateKey);
  }

  /**
   * The claims of a token that one of the keys has signed, for one of the audiences. Whether it is in time is not looked at:
   * that is the database's to say.
   * @returns null for any other
   */
  async verified(token: string, { issuer, audiences }: Expected): Promise<JWTPayload | null> {
    if (audiences.length === 0) return null;
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.publicKey(kid), {
        ...{ algorithms: [ALGORITHM], typ: TYPE, issuer, audience: [...audiences] },
        currentDate: new Date(0),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  private publicKey(kid: string | undefined): SigningKey['publicKey'] {
    const key = kid === undefined ? undefined : this.keys.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key.publicKey;
  }
}
