import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { Servers } from '../support/servers.js';

// What the usual scanners of GraphQL servers report (graphql-cop, InQL, BatchQL, clairvoyance), where no other test has
// it: batches, GET, content types, aliases, introspection and misspelt names are document-rules.test.ts's.

let production: Servers;
let development: Servers;
let phone: Handset;

beforeAll(async () => {
  const env = { NODE_ENV: 'production', PUBLIC_URL: 'https://doorstep.example' };
  [production, development] = await Promise.all([
    Servers.start({ env }),
    Servers.start({ worker: false, env: { NODE_ENV: 'development' } }),
  ]);
  phone = await production.signedUp();
});
afterAll(async () => {
  await production[Symbol.asyncDispose]();
  await development[Symbol.asyncDispose]();
});

const elsewhere = (path: string, init: RequestInit = {}) => fetch(`${production.client().url}${path}`, init);

describe('a scanner in production', () => {
  test.each([
    '/graphql',
    '/playground',
    '/graphiql',
    '/altair',
    '/voyager',
    '/console',
    '/graphql/console',
    '/v1/graphql',
    '/api/graphql',
  ])('finds no page to type documents into at %s', async (path) => {
    const response = await elsewhere(path, { headers: { accept: 'text/html' } });
    expect([404, 405]).toContain(response.status);
    expect(await response.text()).not.toMatch(/graphiql|altair|voyager|playground|console/i);
  });

  test.each([
    '/.env',
    '/.git/config',
    '/package.json',
    '/schema.graphql',
    '/src/server.ts',
    '/inbox',
    '/metrics',
    '/..%2fpackage.json',
  ])('finds no file at %s', async (path) => {
    expect((await elsewhere(path)).status).toBe(404);
  });

  test('has a query run from an address only with a header that no form can send', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
      expect([404, 405]).toContain((await elsewhere('/graphql?query=%7B__typename%7D', { method })).status);
    }
    const authorization = `Bearer ${phone.sessionToken}`;
    expect((await elsewhere('/graphql?query=%7B__typename%7D', { headers: { authorization } })).status).toBe(200);
  });

  test.each([
    'query=mutation%7BsignOut%7BsessionsEnded%7D%7D',
    `query=${encodeURIComponent('subscription{loginRequests{id}}')}`,
    `extensions=${encodeURIComponent('{"persistedQuery":{"version":1,"sha256Hash":"0"}}')}`,
  ])('has no other document run from an address: %s', async (search) => {
    const authorization = `Bearer ${phone.sessionToken}`;
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
      const response = await elsewhere(`/graphql?${search}`, { method, headers: { authorization } });
      expect([404, 405]).toContain(response.status);
    }
    const posted = await elsewhere(`/graphql?${search}`, { method: 'POST', headers: { authorization } });
    expect([400, 415]).toContain(posted.status);
    expect(await phone.viewer()).not.toBeNull();
  });

  test.each([
    'query=%7B__typename%7D',
    '{__typename}',
    '------x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n',
  ])('has no document run from a form: %j', async (body) => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=----x',
      'text/plain',
      'text/plain; application/json',
    ]) {
      const response = await elsewhere('/graphql', { method: 'POST', headers: { 'content-type': type }, body });
      expect(response.status).toBe(415);
    }
  });

  test.each([
    ['x-apollo-tracing', '1'],
    ['apollo-federation-include-trace', 'ftv1'],
    ['apollo-query-plan-experimental', '1'],
    ['x-graphql-debug', 'true'],
  ])('is told no times and no plans for the header %s', async (name, value) => {
    const headers = { 'content-type': 'application/json', [name]: value };
    const body = JSON.stringify({ query: '{ viewer { id } }', extensions: { tracing: true } });
    const answer = await (await elsewhere('/graphql', { method: 'POST', headers, body })).json();
    expect(answer).toEqual({ data: { viewer: null } });
  });

  test.each([
    '{ _service { sdl } }',
    '{ _entities(representations: []) { __typename } }',
    '{ __type(name: "Query") { name } }',
  ])('is told nothing of the schema by %s', async (query) => {
    const { data, errors } = await production.client().graphql(query);
    expect(data).toBeNull();
    expect(JSON.stringify(errors)).not.toMatch(/Account|Challenge|viewer/);
  });

  test('is told of no file, line or library by any error', async () => {
    const documents = [
      '{',
      '{ viewer }',
      '{ nothing }',
      'mutation { removeDevice(id: "x") { deviceId } }',
      '{ challenge { id } }',
    ];
    for (const query of documents) {
      const { errors } = await production.client().graphql(query);
      expect(errors).not.toEqual([]);
      expect(JSON.stringify(errors)).not.toMatch(/stacktrace|node_modules|\.js:|\.ts:|apollo|mikro|postgres/i);
    }
  });
});

test.each([() => production, () => development])(
  'no error carries a stack, in development neither',
  async (servers) => {
    const { errors } = await servers().client().graphql('mutation { removeDevice(id: "x") { deviceId } }');
    expect(errors.map(({ extensions }) => Object.keys(extensions))).toEqual([['code']]);
  },
);

describe('in development, where introspection is on,', () => {
  const rings = (times: number, [open, close]: [string, string]) =>
    `{ __schema { types { name ${open.repeat(times)} name ${close.repeat(times)} } } }`;

  test.each<[string, [string, string]]>([
    ['fields of types of fields', ['fields { type { ', '} }']],
    ['arguments', ['fields { args { type { ', '} } }']],
    ['interfaces', ['interfaces { possibleTypes { ', '} }']],
    ['inputs', ['inputFields { type { ', '} }']],
  ])('a schema that is asked for in circles through %s is refused', async (_what, ring) => {
    const before = performance.now();
    const { data, errors } = await development.client().graphql(rings(12, ring));
    expect(data).toBeNull();
    expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
