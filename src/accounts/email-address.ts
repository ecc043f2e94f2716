import { domainToASCII } from 'node:url';
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

// RFC 5322 dot-atom, with the letters of RFC 6531 beyond ASCII. Quoted local parts and address literals are refused:
// nobody signs up with them, and each opens a way to smuggle a second address past a mail server.
const localPart = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
/**
 * No address is longer as it is typed: of its 254 bytes each may stand for a character in four parts, as canonical
 * decomposition has them at most. Looked at first: to compose marks takes a time that grows with the square of their number.
 */
const TYPED_LENGTH_MOST = 1024;
const typedDomain = /^[\p{L}\p{N}\p{M}.-]+$/u;
const domain = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The one form in which an address is stored, compared and mailed: the local part with its ASCII letters lower-cased,
 * the domain in punycode.
 * @throws RangeError if the text is not one mailbox's addr-spec (RFC 5322, 3.4.1) of at most 254 bytes (RFC 5321)
 */
export function normaliseEmailAddress(text: string): string {
  if (text.length > TYPED_LENGTH_MOST) throw new RangeError('this is longer than an email address');
  const at = text.lastIndexOf('@');
  const local = text
    .slice(0, Math.max(at, 0))
    .normalize('NFC')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const typed = text.slice(at + 1);
  const ascii = typedDomain.test(typed) ? domainToASCII(typed) : '';
  const address = `${local}@${ascii}`;
  const lastLabel = ascii.slice(ascii.lastIndexOf('.') + 1);
  const isMailbox =
    localPart.test(local) &&
    Buffer.byteLength(local) <= 64 &&
    domain.test(ascii) &&
    !/^\d+$/.test(lastLabel) &&
    Buffer.byteLength(address) <= 254;
  if (!isMailbox) throw new RangeError('this is not an email address such as name@example.com');
  return address;
}

/** An address as it may be shown to somebody who has not proven that it is theirs: `j***@e***.com`. */
export function maskEmailAddress(address: string): string {
  const [local = '', host = ''] = address.split('@');
  const dot = host.lastIndexOf('.');
  const ending = dot > 0 ? host.slice(dot) : '';
  return `${first(local)}***@${first(host)}***${ending}`;
}

function first(text: string): string {
  return [...text][0] ?? '';
}

/** `EmailAddress`: its values inside the server are always in the normalised form. */
export const EmailAddress = new GraphQLScalarType<string, string>({
  name: 'EmailAddress',
  description: 'One mailbox, RFC 5322 addr-spec; nothing else (no list, no display name).',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1',
  serialize: String,
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(value: unknown): string {
  try {
    if (typeof value !== 'string') throw new RangeError('an email address is a string');
    return normaliseEmailAddress(value);
  } catch (error) {
    const message = error instanceof RangeError ? error.message : 'this is not an email address';
    throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
  }
}
