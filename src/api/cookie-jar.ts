/** Tokens that a browser was given. */
export interface GivenTokens {
  /** What names the account among the cookies of a browser: see `CookieJar.deviceToken`. */
  readonly account: string;
  readonly sessionToken: string;
  readonly deviceToken: string;
}

/** The cookies of one request: what it brought, and what its answer sets. */
export interface CookieJar {
  /**
   * The device cookie of an account, if this browser has one.
   * @param account its address; of a subject, whose address several products may know, its id
   */
  deviceToken(account: string): string | null;
  keep(tokens: GivenTokens): void;
  keepSession(sessionToken: string): void;
  /** The challenge that this browser was given last, which opens nothing by its id. */
  challengeId(): string | null;
  keepChallenge(id: string): void;
  dropSession(): void;
}
