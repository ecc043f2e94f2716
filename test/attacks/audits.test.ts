import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AuditResult, auditServer } from 'graphql-http';
import { Servers } from '../support/servers.js';

// The audits of the GraphQL over HTTP specification, as its working group publishes them. Exactly these do not hold:

/** MAY: GET, which is refused here whatever it asks for. */
const byGet = ['5A70', 'D6D5', '6A70'];
/** SHOULD: 200 for a document that is wrong; 400 says more to proxies and logs, and the specification allows it. */
const with400 = ['572B', 'FDE2', '7B9B'];
/** Each asks for `__type`, though it is about something else: the encoding of the body, and the form of variables. */
const byIntrospection = ['28B9', '2EA1', 'BF61'];

const production = { NODE_ENV: 'production', PUBLIC_URL: 'https://doorstep.example' };

describe.each([
  ['in development', { NODE_ENV: 'development' }, [...byGet, ...with400]],
  ['in production with introspection', { ...production, INTROSPECTION: 'on' }, [...byGet, ...with400]],
  ['in production', production, [...byGet, ...with400, ...byIntrospection]],
])('GraphQL over HTTP %s', (_where, env, refused) => {
  let servers: Servers;
  let results: readonly AuditResult[];

  beforeAll(async () => {
    servers = await Servers.start({ worker: false, env });
    results = await auditServer({ url: servers.client().graphqlUrl });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test('passes the public audits, but for those that are listed with their reason', () => {
    const failed = results.filter(({ status }) => status !== 'ok');
    expect(failed.map(({ id }) => id).sort()).toEqual([...refused].sort());
    expect(results.length).toBeGreaterThan(60);
  });

  test('takes what the audits that ask for `__type` are about: a body in UTF-8, and variables as a map', async () => {
    const query = 'query ($token: String!) { challenge(token: $token) { id } __typename }';
    const { status, data } = await servers.client().graphql(query, { token: 'Run🏃Swim🏊' });
    expect({ status, data }).toEqual({ status: 200, data: { challenge: null, __typename: 'Query' } });
  });
});
