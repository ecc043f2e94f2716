import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildClientSchema,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  isObjectType,
} from 'graphql';
import type { Handset } from '../support/handset.js';
import { SIGN_IN, SIGN_UP } from '../support/operations.js';
import { RESET_PASSWORD, requestReset } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';
import { textPlacesOf } from '../support/text-places.js';

// What one request costs the thread that serves everybody, whatever is in it. Server and client run in this thread, so its
// processor time counts both; it is held against that of an ordinary request of the same size, in the same run.

let servers: Servers;
let phone: Handset;
let schema: GraphQLSchema;
/** Of an ordinary request that is as long as any may be. */
let ordinaryMs: number;

/** An ordinary request takes 1.5 to 3 ms on a machine of today, and 20 ms are what any may take. */
const TIMES_MOST = 12;
/** Room for the rest of a request within the body that is taken. */
const TEXT_BYTES = 60_000;

beforeAll(async () => {
  servers = await Servers.start({ env: { TRUST_PROXY: '127.0.0.1,::1' }, limits: { WS_MESSAGES_PER_MINUTE: 10_000 } });
  phone = await servers.signedUp();
  // As many devices as an account may have.
  await servers.database.query(
    `insert into device (account_id, name, platform, notifications_enabled, last_ip_address)
       select id, repeat('x', 64), 'IOS', true, '203.0.113.1' from account, generate_series(1, 99)`,
  );
  schema = buildClientSchema(await phone.client.data(getIntrospectionQuery()));
  // What is loaded, and compiled, when it is first used.
  for (let nth = 0; nth < 10; nth += 1) await post({ query: `{ viewer { id } } ${' '.repeat(TEXT_BYTES - nth)}` });
  const measuredMs = await leastMsOf((nth) => post({ query: `{ __typename } ${' '.repeat(TEXT_BYTES - nth)}` }), 4);
  ordinaryMs = Math.max(measuredMs, 1.5);
});
afterAll(() => servers[Symbol.asyncDispose]());

/** As often as it may be tried: what is run for the first times is compiled meanwhile, and other work comes between. */
const MOST_TIMES = 25;

/** Processor time of this thread alone: hashes and judgements have threads of their own. */
async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** The least that it costs in as many times, or the first of them that costs less than what is enough. */
async function leastMsOf(work: (nth: number) => Promise<unknown>, times: number, enoughMs = 0): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let nth = 0; nth < times && leastMs >= enoughMs; nth += 1) {
    leastMs = Math.min(leastMs, await cpuMsOf(() => work(nth)));
  }
  return leastMs;
}

async function expectCheap(work: (nth: number) => Promise<unknown>): Promise<void> {
  const mostMs = TIMES_MOST * ordinaryMs;
  expect(await leastMsOf(work, MOST_TIMES, mostMs)).toBeLessThan(mostMs);
}

/** @param body what is in it is of this request alone: documents that were seen before cost less */
async function post(body: object | string, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(phone.client.graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${phone.sessionToken}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  await response.text();
}

/** Texts that cost much to compose, to match or to split. */
const hostile: [string, (bytes: number) => string][] = [
  ['combining marks', (bytes) => `a${'\u0316\u0300'.repeat(bytes / 4 - 2)}@x.com`],
  ['blanks', (bytes) => `${' '.repeat(bytes - 2)}a`],
  ['dots', (bytes) => `${'a.'.repeat(bytes / 2 - 8)}@x.com`],
  ['letters', (bytes) => 'A'.repeat(bytes)],
];

describe('a text that is far too long', () => {
  test('is tried in every field that takes one', () => {
    const withArguments = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
      .filter((type) => Object.values((type as GraphQLObjectType).getFields()).some(({ args }) => args.length > 0));
    expect(withArguments.map(({ name }) => name).sort()).toEqual(['Account', 'Mutation', 'Query', 'Subscription']);
    const { overHttp, overWebSocket } = textPlacesOf(schema);
    expect(overHttp.map(({ name }) => name)).toContain('Mutation.signIn.input.device.name');
    expect(overHttp.length + overWebSocket.length).toBeGreaterThan(30);
  });

  test.each(hostile)('costs no more than any in a variable: %s', async (_what, textOf) => {
    for (const { name, query, variables } of textPlacesOf(schema).overHttp) {
      const text = textOf(TEXT_BYTES);
      const mostMs = TIMES_MOST * ordinaryMs;
      const costMs = await leastMsOf(
        (nth) => post({ query, variables: variables(text.slice(nth)) }),
        MOST_TIMES,
        mostMs,
      );
      expect({ name, isCheap: costMs < mostMs }).toEqual({ name, isCheap: true });
    }
  });

  test.each(hostile)('costs no more than any in a document: %s', async (_what, textOf) => {
    const text = JSON.stringify(textOf(TEXT_BYTES - 1000));
    const device = '{ name: "x", platform: IOS }';
    await expectCheap((nth) =>
      post({
        query: `mutation A${nth} { signIn(input: { email: ${text}, password: "x", device: ${device} }) { __typename } }`,
      }),
    );
    await expectCheap((nth) =>
      post({
        query: `mutation A${nth} { signIn(input: { email: "a@x.com", password: ${text}, device: ${device} }) { __typename } }`,
      }),
    );
  });

  test.each(hostile)('costs no more than any in a message on a socket: %s', async (_what, textOf) => {
    const text = textOf(15_000);
    await expectCheap(async () => {
      await using socket = await HandSocket.open(phone.client.socketUrl);
      socket.send({ type: 'connection_init', payload: { authorization: text, 'accept-language': text } });
      await socket.closed();
    });
    await using socket = await HandSocket.ready(phone.client.socketUrl, phone.sessionToken);
    for (const { query, variables } of textPlacesOf(schema).overWebSocket) {
      await expectCheap(async (nth) => {
        socket.subscribe(String(nth), query, variables(text));
        await socket.next();
      });
    }
    await expectCheap(async (nth) => {
      socket.subscribe(`${text}${nth}`.slice(0, 10_000), '{', {});
      await socket.next();
    });
  });

  // As much as a header may have.
  test.each([
    ['accept-language', 'a-b;q=0.1,'],
    ['accept-language', 'x,'],
    ['authorization', 'Bearer  '],
    ['cookie', 'a=1;'],
    ['cookie', 'doorstep-device-x=%20;'],
    ['accept', 'a/b;q=0.1,'],
    ['x-forwarded-for', '127.0.0.1,'],
    ['content-type', 'application/json;'],
    ['session-transport', 'cookie,'],
  ])('costs no more than any in the header %s: %s', async (name, part) => {
    await expectCheap(() => post({ query: '{ viewer { id } }' }, { [name]: part.repeat(14_000 / part.length) }));
  });

  test.each(['a/', '%41', '../', '%2e%2f', ';', '?a&', '?a[b]=1&'])(
    'costs no more than any in an address: %s',
    async (part) => {
      for (const path of ['/', '/assets/', '/account/', '/graphql/']) {
        await expectCheap(async () => {
          const response = await fetch(`${phone.client.url}${path}${part.repeat(14_000 / part.length)}`);
          await response.text();
        });
      }
    },
  );
});

describe('a new password costs the thread that serves everybody no more than another text', () => {
  // Each of these takes the estimate a tenth of a second.
  test.each([
    ['that could be other letters', '4@8({[</369!1|0$5+7%2'.repeat(12)],
    ['in a row', 'abcdefghijklmnopqrstuvwxyz0123456789zyxwvutsrqponmlkjihgfedcba9'],
    ['that could be dates', '1/1/2001-2/2/2002-3/3/2003-4/4/2004-5/5/2005-6/6/2006-7/7/2007-8'.repeat(4)],
  ])('of characters %s', async (_which, password) => {
    const device = { name: 'x', platform: 'IOS' };
    await expectCheap(() =>
      post({ query: SIGN_UP, variables: { input: { email: 'a@example.com', password, device } } }),
    );
    const { token } = await requestReset(servers.stranger());
    await expectCheap(() =>
      post({ query: RESET_PASSWORD, variables: { token, code: '00000000', newPassword: password.slice(0, 250) } }),
    );
  });
});

describe('a document costs no more than any', () => {
  const lines = (count: number) => '\n'.repeat(count);
  const many = (count: number, part: (nth: number) => string) =>
    Array.from({ length: count }, (_, nth) => part(nth)).join(' ');
  // Within the tokens that a document may have.
  test.each<[string, string]>([
    ['with the same field again and again', `{ ${many(240, () => 'viewer{id}')} }`],
    ['with fields that differ in what they are given', `{ ${many(99, (nth) => `challenge(token:"${nth}"){id}`)} }`],
    ['with names that are not there', `{ viewer { ${many(900, (nth) => `loginActivitx${nth}`)} } }`],
    ['with types that are not there', `{ __typename } ${many(120, (nth) => `fragment a${nth} on Challeng { id }`)}`],
    ['with arguments that are not there', `{ challenge(${many(300, (nth) => `tokem${nth}:1`)}) { id } }`],
    ['with one variable again and again', `query (${many(240, () => '$a:Int')}) { __typename }`],
    [
      'with fragments that spread others',
      `{ ...a0 } ${many(110, (nth) => `fragment a${nth} on Query { ...a${nth + 1} }`)}`,
    ],
    [
      'with many operations over one fragment',
      `${many(60, (nth) => `query a${nth}{...f}`)} fragment f on Query { ${many(40, () => 'challenge(token:$a){id}')} }`,
    ],
    [
      'with input fields that are not there',
      `mutation { signIn(input: { ${many(280, (nth) => `emaik${nth}:1`)} }) { __typename } }`,
    ],
    [
      'with values that are not there',
      `{ viewer { loginActivity(types: [${many(900, () => 'SIGNED_OUX')}]) { edges { cursor } } } }`,
    ],
    ['with directives that are not there', `{ __typename ${many(450, () => '@sk')} }`],
    ['in layers', `{ ${'...{'.repeat(320)} __typename ${'}'.repeat(320)} }`],
    [
      'that asks for lists again and again',
      `{ ${many(10, (nth) => `a${nth}: viewer { ...F }`)} } fragment F on Account { b: devices { ...G } devices { ...G } }
        fragment G on Device { id name model platform isTrusted lastSeenAt lastLocation { label city region countryCode } }`,
    ],
    [
      'that asks for the schema again and again',
      `{ __schema { ${many(8, (nth) => `a${nth}: types { fields { name args { name } } }`)} } }`,
    ],
  ])('%s, be it in one line or in as many as fit', async (_how, query) => {
    await expectCheap((nth) => post({ query: `${query} ${' '.repeat(nth)}` }));
    await expectCheap((nth) => post({ query: `${lines((TEXT_BYTES - query.length) / 2)}${query} ${' '.repeat(nth)}` }));
  });
});

describe('variables', () => {
  const input = (members: string) => `{"query":${JSON.stringify(SIGN_IN)},"variables":{"input":{${members}}}}`;
  const member = (nth: number) => `"password${nth}":1`;
  test.each<[string, string]>([
    ['with names that are not there', input(Array.from({ length: 3500 }, (_, nth) => member(nth)).join(','))],
    ['in layers', input(`"email":${'['.repeat(25_000)}${']'.repeat(25_000)}`)],
    ['in layers of objects', input(`"email":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`)],
    ['that are escaped', input(`"email":"${'\\u0061'.repeat(9000)}"`)],
    ['that look like what every object has', input(Array.from({ length: 3000 }, () => '"constructor":1').join(','))],
  ])('%s cost no more than any', async (_how, body) => {
    await expectCheap(() => post(body));
  });

  test('in a list of what is there cost no more than any', async () => {
    const query = 'query ($types: [ActivityType!]) { viewer { loginActivity(types: $types) { edges { cursor } } } }';
    await expectCheap(() => post({ query, variables: { types: Array(4000).fill('SIGNED_IN') } }));
  });
});
