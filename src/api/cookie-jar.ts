/** Tokens that a browser was given. */
export interface GivenTokens {
  readonly email: string;
  readonly sessionToken: string;
  readonly deviceToken: string;
}

/** The cookies of one request: what it brought, and what its answer sets. */
export interface CookieJar {
  /** The device cookie of the account with this address, if this browser has one. */
  deviceToken(email: string): string | null;
  keep(tokens: GivenTokens): void;
  keepSession(sessionToken: string): void;
  /** The challenge that this browser was given last, which opens nothing by its id. */
  challengeId(): string | null;
  keepChallenge(id: string): void;
  dropSession(): void;
}
