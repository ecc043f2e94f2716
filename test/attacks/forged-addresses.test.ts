import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Handset, newOwner } from '../support/handset.js';
import { deviceOf } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';
import { Visitor } from '../support/visitor.js';

// Who a client is by its address, where anybody can write any header. The tests themselves are the proxy, 127.0.0.1.

const PEER = '127.0.0.1';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    count: 0,
    limits: { WS_ANONYMOUS_SOCKETS_PER_IP: 2, PASSWORD_FAILURES_PER_IP_HOUR: 5 },
  });
  await servers.add({ api: true, worker: true });
  await servers.add({ api: true, worker: false }, { TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' });
});
afterAll(() => servers[Symbol.asyncDispose]());

const UNTRUSTING = 0;
const TRUSTING = 1;

/** The address that a device is seen from when its requests carry these headers. */
async function seenFrom(nth: number, headers: Record<string, string>): Promise<string> {
  const phone = await servers.signedUp();
  const { url } = servers.client(nth);
  const twin = phone.twin(new Visitor(url, headers));
  await twin.signIn();
  return String((await deviceOf(twin)).lastIpAddress);
}

describe('an address in a header', () => {
  test('counts for nothing while no proxy is trusted, in whichever header', async () => {
    const names = ['x-forwarded-for', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'via'];
    const others = [
      'cf-connecting-ip',
      'x-originating-ip',
      'x-remote-addr',
      'x-remote-ip',
      'client-ip',
      'fastly-client-ip',
    ];
    const headers = Object.fromEntries([...names, ...others].map((name) => [name, '81.2.69.160']));
    expect(await seenFrom(UNTRUSTING, { ...headers, forwarded: 'for=81.2.69.160' })).toBe(PEER);
  });

  test.each<[string, Record<string, string>, string]>([
    ['is the client that the proxy names', { 'x-forwarded-for': '81.2.69.160' }, '81.2.69.160'],
    [
      'is the last one that is no proxy of ours',
      { 'x-forwarded-for': '1.1.1.1, 81.2.69.160, 10.0.0.7' },
      '81.2.69.160',
    ],
    [
      'is not one that the client wrote before',
      { 'x-forwarded-for': '10.0.0.9, 127.0.0.1, 81.2.69.160' },
      '81.2.69.160',
    ],
    ['may have a port', { 'x-forwarded-for': '1.1.1.1, 81.2.69.160:50124' }, '81.2.69.160'],
    ['may be IPv6 with a port', { 'x-forwarded-for': '[2001:218::1]:443' }, '2001:218::1'],
    ['is nobody where it is none', { 'x-forwarded-for': '1.1.1.1, unknown' }, '0.0.0.0'],
    ['is nobody where it is too long', { 'x-forwarded-for': `1.1.1.1, ${'9'.repeat(4000)}` }, '0.0.0.0'],
    ['is the peer where the list is empty', { 'x-forwarded-for': '' }, PEER],
    ['counts in no other header', { forwarded: 'for=81.2.69.160', 'x-real-ip': '81.2.69.160' }, PEER],
  ])('of a proxy that is trusted %s', async (_what, headers, address) => {
    expect(await seenFrom(TRUSTING, headers)).toBe(address);
  });
});

test('a limit by address is got around by no header while no proxy is trusted, and holds for each client behind one', async () => {
  const limited = async (nth: number, addressOf: (nth: number) => string) => {
    const outcomes: unknown[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      const client = new Visitor(servers.client(nth).url, { 'x-forwarded-for': addressOf(tries) });
      outcomes.push(await new Handset(client, servers.mailbox, newOwner()).signIn());
    }
    return outcomes.filter((outcome) => (outcome as { retryAt: string | null }).retryAt !== null).length;
  };
  expect(await limited(TRUSTING, (tries) => `192.0.2.${tries}`)).toBe(0);
  expect(await limited(TRUSTING, (tries) => `192.0.2.${tries}, 198.51.100.1`)).toBe(3);
  expect(await limited(UNTRUSTING, (tries) => `203.0.113.${tries}`)).toBe(3);
});

test('sockets are counted by the same address', async () => {
  const open = (nth: number, address: string) =>
    HandSocket.open(servers.client(nth).socketUrl, { headers: { 'x-forwarded-for': address } });
  await using first = await open(UNTRUSTING, '192.0.2.1');
  await using second = await open(UNTRUSTING, '192.0.2.2');
  await using third = await open(UNTRUSTING, '192.0.2.3');
  expect((await third.closed()).code).toBe(1013);
  await using elsewhere = await open(TRUSTING, '192.0.2.1');
  elsewhere.init(null);
  expect((await elsewhere.next()).type).toBe('connection_ack');
  expect([first, second]).toHaveLength(2);
});
