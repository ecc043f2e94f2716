import type { IncomingMessage } from 'node:http';

/** What an API client shows of itself with a request. */
export interface ClientCredentials {
  /** How; null where it showed nothing, or more than one thing. */
  readonly scheme: 'Basic' | 'Bearer' | null;
  /** Its id, where the scheme carries one. */
  readonly clientId: string | null;
  /** Null: none was brought. What cannot be a key is one all the same, and a wrong one. */
  readonly key: string | null;
}

/** What cannot be a key. */
const NO_KEY = '';
const NOTHING: ClientCredentials = { scheme: null, clientId: null, key: null };

/**
 * The key in Authorization: as a bearer token (RFC 6750, 2.1), or as the password of Basic (RFC 7617) with the client's id
 * as the user, both form-encoded (RFC 6749, 2.3.1). Where two different ones came, nobody can tell which is meant.
 */
export function clientCredentials({ headersDistinct }: IncomingMessage): ClientCredentials {
  const [shown = '', ...others] = new Set(headersDistinct.authorization ?? []);
  if (others.length > 0) return NOTHING;
  const [, scheme = '', value = ''] = /^(\S+)\s*(.*)$/s.exec(shown.trim()) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'Bearer', clientId: null, key: value };
  if (scheme.toLowerCase() !== 'basic') return NOTHING;
  const [, user = NO_KEY, password = NO_KEY] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString()) ?? [];
  return { scheme: 'Basic', clientId: formDecoded(user), key: formDecoded(password) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return NO_KEY;
  }
}
