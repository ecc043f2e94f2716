import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import type { Client, GraphqlError } from '../../support/client.js';
import { Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';

const out = 'signOut { sessionsEnded }';

/** Documents with more than one mutation, however they are hidden. */
const doubled: [string, string][] = [
  ['with aliases', `mutation { a: ${out} b: ${out} }`],
  ['twice the same', `mutation { ${out} ${out} }`],
  ['two different ones', `mutation { ${out} startTwoStepSetup { __typename } }`],
  ['one in a fragment', `mutation { a: ${out} ...F } fragment F on Mutation { b: ${out} }`],
  ['both in one fragment', `mutation { ...F } fragment F on Mutation { a: ${out} b: ${out} }`],
  [
    'in nested fragments',
    `mutation { ...F } fragment F on Mutation { a: ${out} ...G } fragment G on Mutation { b: ${out} }`,
  ],
  ['in a fragment that is spread twice', `mutation { ...F ...F } fragment F on Mutation { ${out} }`],
  ['in an inline fragment', `mutation { a: ${out} ... on Mutation { b: ${out} } }`],
  ['in an inline fragment without a type', `mutation { a: ${out} ... { b: ${out} } }`],
  ['one skipped', `mutation { a: signOut @skip(if: true) { sessionsEnded } b: ${out} }`],
  ['one not included', `mutation ($no: Boolean = false) { a: ${out} b: signOut @include(if: $no) { sessionsEnded } }`],
  ['in the operation that is not run', `mutation M { a: ${out} b: ${out} } query Q { viewer { id } }`],
  ['beside the name of the type', `mutation { ${out} __typename }`],
  [
    'under a directive that says nothing',
    `mutation { ... @include(if: true) { a: ${out} } ... @skip(if: false) { b: ${out} } }`,
  ],
  [
    'in a fragment of which one is skipped',
    `mutation ($no: Boolean = false) { ...F ...G @include(if: $no) } fragment F on Mutation { a: ${out} }
      fragment G on Mutation { b: ${out} }`,
  ],
];

const requests = 'loginRequests { id }';
const activity = 'loginActivity { id }';

/** Documents with more than one subscription, or with none once they run. */
const brokenSubscriptions: [string, string][] = [
  ['with two root fields', `subscription { ${requests} ${activity} }`],
  ['with two aliases', `subscription { a: ${requests} b: ${requests} }`],
  ['with one in a fragment', `subscription { ${requests} ...F } fragment F on Subscription { ${activity} }`],
  ['with one in an inline fragment', `subscription { ${requests} ... { ${activity} } }`],
  ['with one skipped', `subscription { ${requests} loginActivity @skip(if: true) { id } }`],
  [
    'with one in a fragment that is not included',
    `subscription { ${requests} ... @include(if: false) { ${activity} } }`,
  ],
  ['with its only one skipped', 'subscription { loginRequests @skip(if: true) { id } }'],
  ['with its only one skipped by a variable', 'subscription ($yes: Boolean!) { loginRequests @skip(if: $yes) { id } }'],
  [
    'with its only one in fragments that are not included',
    `subscription { ...F } fragment F on Subscription { ...G @include(if: false) } fragment G on Subscription { ${requests} }`,
  ],
  ['with the name of the type alone', 'subscription { __typename }'],
];

/** Documents that are small, and cost much where a rule looks into everything again and again. */
const costly: [string, string][] = [
  ['the same field, over and over', `{ viewer { ${'currentDevice { id } '.repeat(190)} } }`],
  [
    'fragments that double fifty times',
    `{ viewer { ...F0 } } ${Array.from({ length: 50 }, (_, nth) => `fragment F${nth} on Account { ...F${nth + 1} ...F${nth + 1} }`).join(' ')}
      fragment F50 on Account { id }`,
  ],
  [
    'fragments that all spread each other',
    `{ viewer { ...F0 } } ${Array.from({ length: 20 }, (_, nth) => `fragment F${nth} on Account { ${Array.from({ length: 20 }, (_, other) => (other === nth ? 'id' : `...F${other}`)).join(' ')} }`).join(' ')}`,
  ],
  [
    'many names that are nearly right',
    `{ viewer { ${Array.from({ length: 900 }, (_, nth) => `emaik${nth}`).join(' ')} } }`,
  ],
  ['many directives', `{ viewer ${'@a '.repeat(450)} { id } }`],
  ['nested lists', `{ challenge(token: ${'['.repeat(450)}${']'.repeat(450)}) { id } }`],
];

describe('a GraphQL document', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  describe('has one mutation', () => {
    test.each(doubled)('and is refused before any of it is done: %s', async (_how, query) => {
      const phone = await servers.signedUp();
      const { data, errors } = await phone.graphql(query);
      expect(data).toBeNull();
      expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(errors[0]?.message).toBe('A mutation has exactly one root field.');
      expect(await phone.viewer()).not.toBeNull();
    });

    test.each([
      ['plain', `mutation { ${out} }`],
      ['in a fragment', `mutation { ...F } fragment F on Mutation { ...G } fragment G on Mutation { ${out} }`],
    ])('and is run: %s', async (_how, query) => {
      const phone = await servers.signedUp();
      expect((await phone.graphql(query)).data).toEqual({ signOut: { sessionsEnded: 1 } });
    });

    test('and doubling fragments are counted in no time', async () => {
      const fragments = Array.from(
        { length: 50 },
        (_, nth) => `fragment F${nth} on Mutation { ...F${nth + 1} ...F${nth + 1} }`,
      );
      const query = `mutation { ...F0 } ${fragments.join(' ')} fragment F50 on Mutation { ${out} }`;
      const before = performance.now();
      const { errors } = await servers.client().graphql(query);
      expect(errors.map(({ message }) => message)).toContain('A mutation has exactly one root field.');
      expect(performance.now() - before).toBeLessThan(1000);
    });

    test('and doubling fragments that come to nothing are counted in no time', async () => {
      const fragments = Array.from(
        { length: 30 },
        (_, nth) => `fragment F${nth} on Mutation { ...F${nth + 1} ...F${nth + 1} }`,
      );
      const before = performance.now();
      const { errors } = await servers.client().graphql(`mutation { ...F0 } ${fragments.join(' ')}`);
      expect(errors.map(({ message }) => message)).toContain('Unknown fragment "F30".');
      expect(performance.now() - before).toBeLessThan(1000);
    });

    test('and fragments in a circle end', async () => {
      const { errors } = await servers
        .client()
        .graphql(`mutation { ...F } fragment F on Mutation { ${out} ...G } fragment G on Mutation { ...F }`);
      expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    });
  });

  test('has one mutation over WebSocket too, and none of the others is done', async () => {
    const phone = await servers.signedUp();
    await using socket = await HandSocket.ready(servers.client().socketUrl, phone.sessionToken);
    for (const [how, query] of doubled) {
      socket.subscribe(how, query);
      const { type, id, payload } = await socket.next();
      expect({ type, id }).toEqual({ type: 'error', id: how });
      expect(payload).toMatchObject([{ message: 'A mutation has exactly one root field.' }]);
    }
    expect(await phone.viewer()).not.toBeNull();
  });

  test.each(brokenSubscriptions)('has one subscription, and is the fault of the client %s', async (_how, query) => {
    const { length } = servers.log;
    const fault = { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
    const { status, errors } = await servers.client().graphql(query, { yes: true });
    expect({ status, error: errors[0] }).toMatchObject({ status: 400, error: fault });
    await using socket = await HandSocket.ready(servers.client().socketUrl);
    socket.subscribe('1', query, { yes: true });
    const { type, payload } = await socket.next();
    expect({ type, error: (payload as GraphqlError[])[0] }).toMatchObject({ type: 'error', error: fault });
    const failed = servers.log.slice(length).filter((line) => line.includes('failed'));
    expect(failed).toEqual([]);
  });

  test.each(costly)('of %s is answered at once', async (_what, query) => {
    const before = performance.now();
    const { errors } = await servers.client().graphql(query);
    expect(performance.now() - before).toBeLessThan(2000);
    // No more is written than a person could read.
    expect(errors.length).toBeLessThanOrEqual(101);
  });

  test('may ask for the whole schema while introspection is on', async () => {
    expect(await servers.client().data(getIntrospectionQuery())).toHaveProperty('__schema');
  });
});

describe('the bounds of a document', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({
      limits: { GRAPHQL_DEPTH: 3, GRAPHQL_ALIASES: 2, GRAPHQL_OBJECT_ALIASES: 1, GRAPHQL_TOKENS: 100 },
      env: { INTROSPECTION: 'off' },
    });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** The errors of a document that begins with a selection of `viewer` or of `loginRequests`. */
  const overHttp = async (client: Client, selection: string, rest = ''): Promise<readonly GraphqlError[]> =>
    (await client.graphql(`{ viewer { loginRequests { ${selection} } } } ${rest}`)).errors;
  const overSocket = async (client: Client, selection: string, rest = ''): Promise<readonly GraphqlError[]> => {
    await using socket = await HandSocket.ready(client.socketUrl);
    socket.subscribe('1', `subscription { loginRequests { ${selection} } } ${rest}`);
    const { type, payload } = await socket.next();
    return type === 'error' ? (payload as GraphqlError[]) : [];
  };

  // Over WebSocket the selection is one level less deep, so that what fits there is one level more.
  describe.each([
    ['HTTP', overHttp, 'id', 'device { id }', 8],
    ['WebSocket', overSocket, 'device { id }', 'device { lastLocation { label } }', 6],
  ] as const)('over %s', (_name, send, fits, tooDeep, tokensAround) => {
    const messagesOf = async (selection: string, rest?: string) =>
      (await send(servers.client(), selection, rest)).map(({ message }) => message);

    test('hold its depth', async () => {
      expect(await messagesOf(fits)).toEqual([]);
      expect(await messagesOf(tooDeep)).toEqual(['The document is nested more than 3 levels deep.']);
    });

    test('hold its depth through fragments', async () => {
      expect(await messagesOf('...F', `fragment F on LoginRequest { ${fits} }`)).toEqual([]);
      expect(await messagesOf('...F', `fragment F on LoginRequest { ... { ${tooDeep} } }`)).toEqual([
        'The document is nested more than 3 levels deep.',
      ]);
    });

    test('hold its aliases', async () => {
      expect(await messagesOf('a: id b: id')).toEqual([]);
      expect(await messagesOf('a: id b: id c: id')).toEqual(['The document has more than 2 aliases.']);
    });

    test('hold its aliases of what leads to objects', async () => {
      const refusal = 'The document has more than 1 aliases of fields that lead to objects.';
      expect(await messagesOf('a: location { city }')).not.toContain(refusal);
      expect(await messagesOf('a: location { city } b: location { city }')).toContain(refusal);
    });

    test('hold its length', async () => {
      expect(await messagesOf('id '.repeat(100 - tokensAround))).toEqual([]);
      expect(await messagesOf('id '.repeat(101 - tokensAround))).toEqual([
        expect.stringContaining('more that 100 tokens'),
      ]);
    });
  });

  test('leave out the schema where introspection is off, but for the names of types', async () => {
    const query = '{ __schema { types { name } } }';
    for (const { message } of (await servers.client().graphql(query)).errors) {
      expect(message).toMatch(/^GraphQL introspection has been disabled/);
    }
    await using socket = await HandSocket.ready(servers.client().socketUrl);
    socket.subscribe('1', query);
    expect(JSON.stringify(await socket.next())).toMatch(/introspection/i);
    expect(await servers.client().data('{ __typename }')).toEqual({ __typename: 'Query' });
  });
});

describe('a request', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ env: { NODE_ENV: 'production', PUBLIC_URL: 'https://doorstep.example' } });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  const post = (body: string, type: string | null) =>
    fetch(servers.client().graphqlUrl, {
      method: 'POST',
      headers: type === null ? {} : { 'content-type': type },
      body: Buffer.from(body),
    });
  const signOut = JSON.stringify({ query: `mutation { ${out} }` });

  test.each([
    null,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
  ])('whose content type is %s is refused', async (type) => {
    expect((await post(signOut, type)).status).toBe(415);
  });

  test('by GET is refused, and so nothing changes by it', async () => {
    const response = await fetch(`${servers.client().graphqlUrl}?query={viewer{id}}`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('of several documents at once is refused', async () => {
    const response = await post(`[${signOut},${signOut}]`, 'application/json');
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('sessionsEnded');
  });

  test('for a stored document is refused: there are none', async () => {
    const persistedQuery = { version: 1, sha256Hash: '0'.repeat(64) };
    const response = await post(JSON.stringify({ extensions: { persistedQuery } }), 'application/json');
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
    });
  });

  test('that is too long is refused', async () => {
    expect((await post(JSON.stringify({ query: 'x'.repeat(70_000) }), 'application/json')).status).toBe(413);
  });

  test('that is no JSON is refused, and is not quoted', async () => {
    const response = await post('{"password": hunter2}', 'application/json');
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('hunter2');
  });

  test.each([
    '{ viewr { id } }',
    '{ viewer { emial } }',
    'mutation { signOt { __typename } }',
    '{ chalenge(token: "") { id } }',
  ])('with a misspelt name, as in %s, is not told in production what there is', async (query) => {
    const { errors } = await servers.client().graphql(query);
    expect(errors).not.toEqual([]);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean|viewer"|"email|signOut|challenge"/i);
  });

  test('that fails on our side is told an id, under which the log has the rest', async () => {
    await using broken = await Servers.start({
      env: { NODE_ENV: 'production', PUBLIC_URL: 'https://doorstep.example' },
    });
    const phone = await broken.signedUp();
    await broken.database.query('alter table challenge rename to no_challenge');
    const { errors } = await phone.graphql('{ viewer { loginRequests { id } } }');
    expect(errors).toEqual([
      {
        message: 'Something went wrong on our side.',
        path: ['viewer', 'loginRequests'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) },
      },
    ]);
    const id = String(errors[0]?.extensions.requestId);
    const line = broken.log.find((entry) => entry.includes(id));
    expect(line).toMatch(/relation .*challenge.* does not exist/);
  });
});
