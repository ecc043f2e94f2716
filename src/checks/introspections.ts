import type { Caller } from '../api/caller.js';
import type { FoundSession } from '../sessions/live-sessions.js';
import type { Sql } from '../sql/database.js';
import type { Asked, Checks } from './checks.js';

/** What is known of a token (RFC 7662, 2.2); of one that opens nothing, nothing. */
export type Introspected = { readonly active: false } | ({ readonly active: true } & Readonly<Record<string, unknown>>);

/** Answers as `Checks`, in the words of RFC 7662. */
export class Introspections {
  constructor(
    private readonly checks: Checks,
    private readonly issuer: string,
  ) {}

  async introspect(db: Sql, caller: Caller, asked: Omit<Asked, 'id'>): Promise<Introspected> {
    const checked = await this.checks.check(db, caller, { ...asked, id: null });
    if (!checked) return { active: false };
    const { session, accessToken } = checked;
    return {
      ...{ active: true, token_type: 'Bearer' },
      ...(accessToken?.claims ?? this.claimsOf(session, caller)),
    };
  }

  /** A session says of itself what an access token that is made for it says. */
  private claimsOf(session: FoundSession, { clientId }: Caller): Readonly<Record<string, unknown>> {
    const { id, accountId, externalId, deviceId, authenticatedAt, createdAt, expiresAt } = session;
    return {
      ...{ iss: this.issuer, sub: accountId, client_id: clientId, sid: id, device_id: deviceId },
      ...(externalId === null ? {} : { ext: externalId }),
      ...{ auth_time: secondsOf(authenticatedAt), iat: secondsOf(createdAt), exp: secondsOf(expiresAt) },
    };
  }
}

/** NumericDate of RFC 7519, 2, rounded down. */
function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
