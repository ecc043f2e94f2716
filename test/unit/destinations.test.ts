import { describe, expect, test } from '@jest/globals';
import type { Allowed } from '../../src/config/allow-list.js';
import { loadConfig } from '../../src/config/config.js';
import { isPublic, mayReach, refusalOf } from '../../src/outbound/destinations.js';

// Where requests of ours may go to addresses that others chose.

const allowing = (list: string): readonly Allowed[] => loadConfig({ WEBHOOK_ALLOW: list }).webhookAllow;

describe('an address that is public:', () => {
  test.each(['1.1.1.1', '93.184.215.14', '2606:4700::1111', '2a00:1450:4001::1'])('%s', (address) => {
    expect(isPublic(address)).toBe(true);
  });
});

describe('an address that is not public:', () => {
  test.each([
    ['this host', '0.0.0.0'],
    ['this host, by another of its addresses', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['loopback, further on', '127.255.255.254'],
    ['a private network', '10.0.0.1'],
    ['a private network', '172.16.0.1'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.1.1'],
    ["a carrier's own", '100.64.0.1'],
    ["a carrier's own", '100.127.255.255'],
    ['link-local: the metadata of clouds', '169.254.169.254'],
    ["a protocol's own", '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['a relay of 6to4', '192.88.99.1'],
    ['for measurements', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped, of a private one', '::ffff:10.0.0.1'],
    ['mapped, of a public one', '::ffff:1.1.1.1'],
    ['IPv4 in a form of old', '::1.1.1.1'],
    ['translated', '::ffff:0:1.1.1.1'],
    ['NAT64', '64:ff9b::a00:1'],
    ['NAT64, of a public one', '64:ff9b::101:101'],
    ['NAT64 of a network of its own', '64:ff9b:1::1'],
    ['6to4', '2002:a00:1::1'],
    ['Teredo', '2001:0:4136:e378::1'],
    ['ORCHID', '2001:20::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['a network of its own', 'fc00::1'],
    ['a network of its own', 'fd12:3456::1'],
    ['link-local', 'fe80::1'],
    ['link-local on a link', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['discarded', '100::1'],
    ['segment routing', '5f00::1'],
    ['multicast', 'ff02::1'],
    ['not given out', '4000::1'],
  ])('%s, %s', (_what, address) => {
    expect(isPublic(address)).toBe(false);
  });
});

describe('with nothing allowed', () => {
  test.each([
    'https://shop.example/hook?token=x',
    'https://shop.example:443/',
    'https://1.1.1.1/',
    'https://[2606:4700::1111]/',
  ])('%s is fine', (url) => {
    expect(refusalOf(new URL(url), [])).toBeNull();
  });

  test.each([
    'http://shop.example/',
    'https://shop.example:8443/',
    'http://shop.example:443/',
    'ftp://shop.example/',
    'https://user@shop.example/',
    'https://:secret@shop.example/',
    'https://localhost/',
    'https://api.localhost/',
    'https://localhost./',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://①②⑦.⓪.⓪.①/',
  ])('%s is refused', (url) => {
    expect(refusalOf(new URL(url), [])).toEqual(expect.stringMatching(/^(is not|names)/));
  });
});

describe('what is on the list may be private, in clear and at any port:', () => {
  test.each([
    ['a host', 'shop.internal', 'http://shop.internal:8080/hook', '10.0.0.7'],
    ['a host, whatever its case and its last dot', 'Shop.Internal.', 'http://shop.internal./', '127.0.0.1'],
    ['a host beyond ASCII', 'bücher.internal', 'http://xn--bcher-kva.internal/', '10.0.0.7'],
    ['an origin', 'http://shop.internal:8080', 'http://shop.internal:8080/hook', '10.0.0.7'],
    ['an address', '127.0.0.1', 'http://127.0.0.1:9000/', '127.0.0.1'],
    ['an address', '::1', 'http://[::1]:9000/', '::1'],
    ['an address in brackets', '[::1]', 'http://[::1]:9000/', '::1'],
    ['a network', '10.0.0.0/8', 'http://shop.internal:8080/', '10.200.0.1'],
    ['a network', 'fd00::/8', 'https://shop.internal/', 'fd12::1'],
  ])('%s, %s', (_what, list, address, found) => {
    const url = new URL(address);
    expect(refusalOf(url, allowing(`other.internal, ${list}`))).toBeNull();
    expect(mayReach(url, found, allowing(`other.internal, ${list}`))).toBe(true);
    expect(mayReach(url, found, [])).toBe(false);
  });

  test.each([
    ['another host', 'shop.internal', 'http://evil.shop.internal/', '10.0.0.7'],
    ['another port of an origin', 'http://shop.internal:8080', 'http://shop.internal:8081/', '10.0.0.7'],
    ['another scheme of an origin', 'https://shop.internal', 'http://shop.internal/', '10.0.0.7'],
    ['another network', '10.0.0.0/8', 'https://shop.example/', '192.168.0.1'],
    ['an address of the network in another form', '10.0.0.0/8', 'https://shop.example/', '::ffff:10.0.0.1'],
    ['a public address, in clear', '10.0.0.0/8', 'http://shop.example/', '1.1.1.1'],
    ['a public address, at another port', '10.0.0.0/8', 'https://shop.example:8443/', '1.1.1.1'],
  ])('%s is not', (_what, list, address, found) => {
    expect(mayReach(new URL(address), found, allowing(list))).toBe(false);
  });

  test('a user in the URL is refused there too', () => {
    expect(refusalOf(new URL('http://user:pass@shop.internal/'), allowing('shop.internal'))).toBe('names a user');
  });

  test.each([
    'shop.internal:8080',
    'shop.internal/hook',
    '*.internal',
    '10.0.0.0/33',
    '127.1',
    'http://shop.internal/hook',
    'ftp://x',
    'a b',
  ])('%j is no entry, and stops the start', (entry) => {
    expect(() => allowing(entry)).toThrow(`WEBHOOK_ALLOW: '${entry}' `);
  });
});
