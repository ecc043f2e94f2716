import { describe, expect, test } from '@jest/globals';
import { readBasePath, withoutBasePath } from '../../src/config/base-path.js';
import { readReturnAddress, returnOrigin } from '../../src/config/return-origin.js';

// What `return_to` may be, held against what browsers make of an address, and the path below which the pages are.

const listed = [
  'https://ok.example',
  'http://localhost:5173',
  'myapp://home',
  'https://xn--bcher-kva.example',
  'https://[::1]:8443',
];

/** Where the pages would lead; null: nowhere. */
const ledTo = (text: string) => {
  const address = readReturnAddress(text);
  return address && listed.includes(address.origin) ? address.url.href : null;
};

describe('an address is compared after it was read as browsers read it', () => {
  test.each([
    ['https://ok.example', 'https://ok.example/'],
    ['https://ok.example/', 'https://ok.example/'],
    ['HTTPS://OK.EXAMPLE/Path?a=%20b&a=c#part', 'https://ok.example/Path?a=%20b&a=c#part'],
    ['https://ok.example:443/x', 'https://ok.example/x'],
    ['https:ok.example/x', 'https://ok.example/x'],
    ['https:///ok.example/x', 'https://ok.example/x'],
    ['https://%6fk.example/x', 'https://ok.example/x'],
    ['https://ok.example/a/../b', 'https://ok.example/b'],
    ['https://ok.example/@evil.example', 'https://ok.example/@evil.example'],
    ['https://ok.example/?to=https://a@b', 'https://ok.example/?to=https://a@b'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://BÜCHER.example/', 'https://xn--bcher-kva.example/'],
    ['https://[0:0:0:0:0:0:0:1]:8443/', 'https://[::1]:8443/'],
    ['http://localhost:5173/callback', 'http://localhost:5173/callback'],
    ['myapp://home/signed-in?x=1', 'myapp://home/signed-in?x=1'],
    ['MYAPP://home', 'myapp://home'],
  ])('%s', (text, href) => {
    expect(ledTo(text)).toBe(href);
  });
});

describe('an address that leads elsewhere leads nowhere', () => {
  test.each([
    '',
    '/',
    '/path',
    'path',
    '?x',
    '//evil.example',
    '///evil.example',
    '//ok.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\\\ok.example',
    'https:evil.example',
    'https:/evil.example',
    'https:\\\\evil.example',
    'https:\\\\ok.example',
    'https://evil.example\\@ok.example',
    'https://ok.example\\.evil.example',
    'https://ok.example\\@evil.example',
    'https://ok.example@evil.example',
    'https://ok.example:443@evil.example',
    'https://ok.example%40evil.example',
    'https://user@ok.example',
    'https://user:pass@ok.example',
    'https://:pass@ok.example',
    'https://@ok.example',
    'https:@ok.example',
    'https://ok.example.evil.example',
    'https://evil.example/ok.example',
    'https://evil.example?https://ok.example',
    'https://evil.example#https://ok.example',
    'https://notok.example',
    'https://sub.ok.example',
    'https://ok.example.',
    'https://ok.example..',
    'https://ok.example:8443',
    'https://ok.example:0',
    'https://ok.example:99999',
    'https://ok.example:abc',
    'http://ok.example',
    'http://ok.example:443',
    'wss://ok.example',
    'ftp://ok.example',
    'https://ok。evil.example',
    'https://ok.example／evil.example',
    'https://ok.examp\u0131e',
    'https://\u043ek.example',
    'https://bucher.example',
    ' https://ok.example',
    'https://ok.example ',
    'https://ok .example',
    'ht\ttps://ok.example',
    'https://ok.exa\tmple',
    'https://ok.exa\nmple',
    'https://ok.example/\r\nlocation: https://evil.example',
    'https://ok.example\u0000.evil.example',
    'https://ok.exam\u00adple',
    'https://ok.exam\u200bple',
    'https://ok.example\u202e',
    '\u0001https://ok.example',
    'https://',
    'https://?',
    'javascript:alert(1)',
    'javascript://ok.example/%0aalert(1)',
    'JAVASCRIPT://home/%0aalert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'data://ok.example/,x',
    'vbscript://ok.example',
    'blob:https://ok.example/0f8e9a52',
    'filesystem:https://ok.example/temporary/x',
    'view-source:https://ok.example',
    'about:blank',
    'file://ok.example/etc/passwd',
    'file:///etc/passwd',
    'mailto:a@ok.example',
    'null',
    'myapp:home',
    'myapp:/home',
    'myapp:///home',
    'myapp://Home',
    'myapp://home.evil',
    'myapp://home:1',
    'myapp://user@home',
    'myapp://evil/home',
    'otherapp://home',
    'intent://ok.example#Intent;scheme=https;end',
    `https://ok.example/${'a'.repeat(2048)}`,
  ])('%j', (text) => {
    expect(ledTo(text)).toBeNull();
  });
});

describe('an entry of the list', () => {
  test.each([
    ['https://Shop.Example', 'https://shop.example'],
    ['https://shop.example/', 'https://shop.example'],
    ['https://shop.example:443', 'https://shop.example'],
    ['https://shop.example:8443', 'https://shop.example:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['MyApp://Home', 'myapp://Home'],
    ['capacitor://localhost', 'capacitor://localhost'],
  ])('%s is %s', (text, origin) => {
    expect(returnOrigin(text)).toBe(origin);
  });

  test.each([
    'null',
    '*',
    'https://*.shop.example',
    'shop.example',
    'https://shop.example/path',
    'https://shop.example?',
    'https://shop.example/#',
    'https://user@shop.example',
    'https://shop.example:0',
    'javascript://shop.example',
    'data:text/html,x',
    'file:///app',
    'blob:https://shop.example/x',
    'myapp:',
    'myapp:///',
    'myapp://home/path',
  ])('is not %j', (text) => {
    expect(() => returnOrigin(text)).toThrow(RangeError);
  });
});

describe('a base path', () => {
  test.each([
    ['/', ''],
    ['/auth', '/auth'],
    ['/auth/', '/auth'],
    ['/a/b-c/d_e.f~g', '/a/b-c/d_e.f~g'],
  ])('%s is read as %j', (text, path) => {
    expect(readBasePath(text)).toBe(path);
  });

  test.each([
    'auth',
    '//auth',
    '/auth//',
    '/a//b',
    '/..',
    '/a/../b',
    '/./a',
    '/a b',
    '/a?b',
    '/a#b',
    '/%61',
    '/ä',
    '/a"b',
    '/a\\b',
    '/account',
    '/graphql/x',
    '/assets',
    `/${'a'.repeat(128)}`,
  ])('is not %j', (text) => {
    expect(() => readBasePath(text)).toThrow(RangeError);
  });

  test.each([
    ['/auth', '/'],
    ['/auth/', '/'],
    ['/auth?return_to=x', '/?return_to=x'],
    ['/auth/graphql', '/graphql'],
    ['/auth/account/devices?x=/auth', '/account/devices?x=/auth'],
    ['/auth//evil.example', '//evil.example'],
    // A proxy has taken it off.
    ['/', '/'],
    ['/graphql', '/graphql'],
    ['/authors', '/authors'],
    ['/Auth/graphql', '/Auth/graphql'],
  ])('is taken off %s, which leaves %s', (url, rest) => {
    expect(withoutBasePath(url, '/auth')).toBe(rest);
    expect(withoutBasePath(url, '')).toBe(url);
  });
});
