import type { Sql } from '../sql/database.js';
import type { Texts } from '../texts/texts.js';
import type { Client, Context } from './context.js';
import { ApiError } from './errors.js';

/** What an API client may do: check sessions, verify people, look after them, read events. */
export const scopes = ['check', 'verify', 'people', 'events'] as const;
export type Scope = (typeof scopes)[number];

/** A product's backend, as its key names it. */
export interface Caller {
  readonly clientId: string;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** Whether it sees the accounts that people opened themselves, besides its own subjects. */
  readonly ownAccounts: boolean;
  /** For whom access tokens may be made that it is told of. */
  readonly audiences: readonly string[];
}

/** Who holds which key. */
export interface Callers {
  /**
   * Whom a key names.
   * @param key null: none was brought
   * @throws WrongKey @throws RateLimited after too many wrong ones of the client's network; never over a right one
   */
  admit(db: Sql, key: string | null, ipAddress: string): Promise<Caller>;
  /** Those of these keys that are still good, as they stand now. */
  check(db: Sql, keyIds: readonly string[]): Promise<Caller[]>;
}

/** What every resolver of the backend's API is given. */
export interface BackendContext extends Pick<Context, 'db' | 'resolver'> {
  readonly caller: Caller;
  /** The backend itself, not the person that it asks about. */
  readonly client: Client;
  readonly texts: Texts;
}

/** The request brings no key, or one that opens nothing (any more). */
export class WrongKey extends ApiError {
  constructor() {
    super('UNAUTHENTICATED', 'This needs the key of an API client: Authorization: Bearer key_...');
  }
}

/** What a field needs of its caller. @throws ApiError FORBIDDEN */
export function requireScope({ caller }: Pick<BackendContext, 'caller'>, scope: Scope): Caller {
  if (!caller.scopes.includes(scope)) throw new ApiError('FORBIDDEN', `This needs the scope '${scope}'.`);
  return caller;
}
