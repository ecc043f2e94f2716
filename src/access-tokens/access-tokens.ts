import { randomBytes } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { ApiError, NotFound, Unauthenticated } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import { TIE_BYTES, tieTo } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { AccessTokenName } from '../sessions/live-sessions.js';
import { authenticatedAt, isUsable, lapsesAt } from '../sessions/session-rules.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { constant, type Fragment, sql } from '../sql/statement.js';
import { AccessToken } from './access-token.types.js';
import type { KeySet } from './key-set.js';

/** What an access token says (RFC 9068, 2.2). Instants are whole seconds since 1970. */
export interface AccessClaims {
  readonly iss: string;
  readonly aud: string;
  /** The account. */
  readonly sub: string;
  /** The API client whose audience it is. */
  readonly client_id: string;
  /** The session. */
  readonly sid: string;
  readonly device_id: string;
  /** The client's own id for the account, where it is a subject. */
  readonly ext?: string;
  readonly auth_time: number;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** A token of ours, whose session may be over by now. */
export interface ReadAccessToken {
  readonly claims: AccessClaims;
  readonly name: AccessTokenName;
}

/** Longer than any of ours: what else somebody sends is not taken apart. */
const TOKEN_LENGTH_MOST = 4096;
const AUDIENCE_LENGTH_MOST = 255;
const SALT_BYTES = 16;

/** What the statement that issues a token reads. */
interface Issuance extends Omit<AccessClaims, 'iss' | 'aud' | 'jti' | 'client_id' | 'ext'> {
  readonly ext: string | null;
  /** Null: no client of the account has the audience. */
  readonly client_id: string | null;
}

/** Makes access tokens for sessions, and reads them. */
export class AccessTokens {
  constructor(
    private readonly keys: KeySet,
    private readonly issuer: string,
    private readonly limits: Limits,
  ) {}

  /**
   * A token for a service of the account's client, or of one that sees own accounts.
   * @throws ApiError FORBIDDEN without keys; NotFound for an audience that the account has nothing to do with;
   *   Unauthenticated if the session is over, or has another token by now
   */
  async create(db: Sql, session: Session, audience: string): Promise<AccessToken> {
    if (this.keys.isEmpty)
      throw new ApiError('FORBIDDEN', 'This server makes no access tokens: SIGNING_KEYS is not set.');
    const issuance = await rowOf<Issuance>(db, this.issuance(session, audience));
    if (!issuance) throw new Unauthenticated();
    const { client_id, ext, ...claims } = issuance;
    if (client_id === null) throw new NotFound('audience');
    const salt = randomBytes(SALT_BYTES);
    const hash = Buffer.from(session.tokenHash.slice('\\x'.length), 'hex');
    const jti = Buffer.concat([salt, tieTo(hash, salt)]).toString('base64url');
    const token = await this.keys.sign({
      ...{ iss: this.issuer, aud: audience, ...claims, client_id, jti },
      ...(ext === null ? {} : { ext }),
    } satisfies AccessClaims);
    return new AccessToken(token, claims);
  }

  /** The session as it is in this statement, under the token that asked, and whose audience it is. */
  private issuance({ id, tokenHash }: Session, audience: string): Fragment {
    const { limits } = this;
    // PostgreSQL has no text with a NUL in it; no audience has more than printable characters.
    const named = audience.length <= AUDIENCE_LENGTH_MOST && !audience.includes('\0') ? audience : '';
    const isOfClient = isOf({ clientId: sql`c.id`, ownAccounts: sql`c.own_accounts` }, 'a');
    return sql`select s.account_id as sub, s.id as sid, s.device_id, a.external_id as ext, c.id as client_id,
        ${secondsOf(authenticatedAt('s'))} as auth_time, ${secondsOf(sql`clock.at`)} as iat,
        ${secondsOf(sql`least(clock.at + make_interval(secs => ${constant(limits.ACCESS_TOKEN_SECONDS)}), ${lapsesAt(limits, 's')})`)} as exp
      from session s join device d on d.id = s.device_id join account a on a.id = s.account_id
        cross join (select clock_timestamp() as at) clock
        left join lateral (
          select c.id from api_client c
          where c.ended_at is null and ${named} = any(c.audiences) and ${isOfClient}
          order by c.created_at, c.id limit 1) c on true
      where s.id = ${id} and s.token_hash = ${tokenHash} and ${isUsable(limits)}`;
  }

  /**
   * What a token of ours says, if it is for one of the caller's services.
   * @returns null for any other; whether it is in time and its session live is for `LiveSessions.find`
   */
  async read(token: string, { audiences }: Pick<Caller, 'audiences'>): Promise<ReadAccessToken | null> {
    if (token.length > TOKEN_LENGTH_MOST) return null;
    const claims = claimsIn(await this.keys.verified(token, { issuer: this.issuer, audiences }));
    if (!claims) return null;
    const id = Buffer.from(claims.jti, 'base64url');
    const [salt, tie] = [id.subarray(0, SALT_BYTES), id.subarray(SALT_BYTES)];
    if (tie.length !== TIE_BYTES) return null;
    return { claims, name: { sessionId: claims.sid, salt, tie, expiresAt: claims.exp } };
  }
}

function secondsOf(instant: Fragment): Fragment {
  return sql`floor(extract(epoch from ${instant}))::float8`;
}

/** Whoever has a key may have signed something else with it: what a statement is given has to be of its kind. */
function claimsIn(payload: JWTPayload | null): AccessClaims | null {
  if (typeof payload?.sid !== 'string' || !isUuid(payload.sid)) return null;
  if (typeof payload.jti !== 'string' || typeof payload.exp !== 'number') return null;
  // Instants end for JavaScript before they do for PostgreSQL.
  if (Number.isNaN(new Date(1000 * payload.exp).getTime())) return null;
  return payload as unknown as AccessClaims;
}
