import { expect, test } from '@jest/globals';
import { issuerOf, metadataPath, publicAddress } from '../../src/config/public-addresses.js';

// Others compare an issuer as text, and look for what it says of itself where RFC 8414, 3.1, has it.

test.each([
  ['https://doorstep.example', 'https://doorstep.example', ''],
  ['https://doorstep.example/', 'https://doorstep.example', ''],
  ['https://Doorstep.example:443/', 'https://doorstep.example', ''],
  ['http://localhost:4000', 'http://localhost:4000', ''],
  ['https://example.com/auth', 'https://example.com/auth', '/auth'],
  ['https://example.com/a/b/', 'https://example.com/a/b', '/a/b'],
])('of PUBLIC_URL %s the issuer is %s', (text, issuer, path) => {
  const url = new URL(text);
  expect(issuerOf(url)).toBe(issuer);
  expect(publicAddress(url, '/introspect')).toBe(`${issuer}/introspect`);
  expect(metadataPath(url)).toBe(`/.well-known/oauth-authorization-server${path}`);
});
