import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient, type Client as Line } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { compileForRelay, relay } from '../../support/relay.js';
import { Servers } from '../../support/servers.js';
import { within } from '../../support/waiting.js';

// The clients that people build with, at their newest: a code comes live to a trusted device, and lets another one in.

const documents = {
  settingsQuery: 'query settingsQuery { settings { productName languages } viewer { id } }',
  signInMutation: `mutation signInMutation($input: SignInInput!) { signIn(input: $input) { __typename
    ... on Challenge { id token state expiresInSeconds sendOptions { method retryInSeconds } }
    ... on Problem { message } } }`,
  requestsSubscription: `subscription requestsSubscription {
    loginRequests { id state code deviceName requestedSecondsAgo location { label } } }`,
  seenMutation: 'mutation seenMutation($id: ID!) { acknowledgeLoginRequest(id: $id) { id state } }',
  challengeQuery: `query challengeQuery($token: String!) {
    challenge(token: $token) { id state deliveries { id state devicesReached } } }`,
  verifyMutation: `mutation verifyMutation($token: String!, $code: String!) {
    verifyCode(challengeToken: $token, code: $code) { __typename
      ... on SignedIn { sessionToken account { id email devices { id name } } device { id name isCurrent } }
      ... on Problem { message } } }`,
  viewerQuery: 'query viewerQuery { viewer { id email devices { id name isCurrent } loginRequests { id } } }',
} as const;
type Name = keyof typeof documents;
/** An answer, by root field; all that these documents read of it is text. */
type Json = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A client library, speaking for one session or for nobody. */
interface Speaker {
  ask(name: Name, variables?: object): Promise<Json>;
  /** @returns how to stop */
  listen(name: Name, heard: (data: Json) => void): () => void;
}

let servers: Servers;
let artifacts: Record<Name, unknown>;
const lines: Line[] = [];

beforeAll(async () => {
  [servers, artifacts] = await Promise.all([Servers.start(), compileForRelay(documents)]);
});
afterAll(async () => {
  for (const line of lines) await line.dispose();
  await servers[Symbol.asyncDispose]();
});

const headersOf = (token: string | null): Record<string, string> => (token ? { authorization: `Bearer ${token}` } : {});

function lineOf(connectionParams: Record<string, unknown>): Line {
  const line = createClient({ url: servers.client().socketUrl, webSocketImpl: WebSocket, connectionParams });
  lines.push(line);
  return line;
}

function apollo(token: string | null): Speaker {
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    clientAwareness: { name: 'a test', version: '1' },
    link: ApolloLink.split(
      ({ query }) => (getMainDefinition(query) as { operation?: string }).operation === 'subscription',
      new GraphQLWsLink(lineOf({ Authorization: `Bearer ${token}` })),
      new HttpLink({ uri: servers.client().graphqlUrl, headers: headersOf(token) }),
    ),
  });
  return {
    async ask(name, variables = {}) {
      const document = gql(documents[name]);
      const asked = name.endsWith('Mutation')
        ? client.mutate({ mutation: document, variables })
        : client.query({ query: document, variables, fetchPolicy: 'network-only' });
      return (await asked).data as Json;
    },
    listen(name, heard) {
      const listening = client.subscribe({ query: gql(documents[name]) }).subscribe(({ data }) => heard(data as Json));
      return () => listening.unsubscribe();
    },
  };
}

function urql(token: string | null): Speaker {
  const line = lineOf({ headers: headersOf(token) });
  const client = new Client({
    url: servers.client().graphqlUrl,
    // What its documentation says of servers with a protection against cross-site requests.
    fetchOptions: { headers: { ...headersOf(token), 'apollo-require-preflight': 'true' } },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: line.subscribe({ query, variables: variables as Record<string, unknown> }, sink as never),
          }),
        }),
      }),
    ],
  });
  return {
    async ask(name, variables = {}) {
      const document = documents[name];
      // A query that carries a token does not belong into an address.
      const preferGetMethod = name === 'settingsQuery' ? 'force' : false;
      const context = { requestPolicy: 'network-only', preferGetMethod } as const;
      const { data, error } = await (name.endsWith('Mutation')
        ? client.mutation(document, variables).toPromise()
        : client.query(document, variables, context).toPromise());
      if (error) throw error;
      return data as Json;
    },
    listen(name, heard) {
      const { unsubscribe } = client.subscription(documents[name], {}).subscribe(({ data }) => data && heard(data));
      return unsubscribe;
    },
  };
}

function relayOf(token: string | null): Speaker {
  const line = lineOf({ authorization: `Bearer ${token}` });
  const fetchOperation = async ({ text }: { text: string }, variables: object) => {
    const response = await fetch(servers.client().graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(token) },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  };
  const subscribe = ({ text }: { text: string }, variables: object) =>
    relay.Observable.create((sink) =>
      line.subscribe({ query: text, variables: variables as Record<string, unknown> }, sink as never),
    );
  const environment = new relay.Environment({
    network: relay.Network.create(fetchOperation, subscribe),
    store: new relay.Store(new relay.RecordSource()),
  });
  return {
    ask(name, variables = {}) {
      if (!name.endsWith('Mutation')) {
        return relay.fetchQuery(environment, artifacts[name], variables).toPromise() as Promise<Json>;
      }
      return new Promise((resolve, reject) => {
        relay.commitMutation(environment, {
          mutation: artifacts[name],
          variables,
          onCompleted: resolve,
          onError: reject,
        });
      });
    },
    listen(name, heard) {
      const config = { subscription: artifacts[name], variables: {}, onNext: heard };
      const listening = relay.requestSubscription(environment, config);
      return () => listening.dispose();
    },
  };
}

describe.each([
  ['Apollo Client', apollo],
  ['urql', urql],
  ['Relay', relayOf],
] as const)('%s', (_name, speakerOf) => {
  test('signs a new device in with a code that comes live, and has nothing to complain of', async () => {
    const complaints: unknown[][] = [];
    const spies = (['error', 'warn'] as const).map((level) =>
      jest.spyOn(console, level).mockImplementation((...said) => void complaints.push(said)),
    );
    try {
      await walk(await servers.trusted(), speakerOf);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(complaints).toEqual([]);
  });
});

async function walk(phone: Handset, speakerOf: (token: string | null) => Speaker): Promise<void> {
  const [laptop, trusted] = [speakerOf(null), speakerOf(phone.sessionToken)];
  expect(await laptop.ask('settingsQuery')).toMatchObject({ settings: { productName: 'Doorstep' }, viewer: null });

  const prompts: Json[] = [];
  let rang = (): void => undefined;
  const stop = trusted.listen('requestsSubscription', (data) => {
    prompts.push(data);
    rang();
  });
  const device = { name: 'Laptop', platform: 'LINUX' };
  const { signIn } = await laptop.ask('signInMutation', { input: { ...phone.owner, device } });
  expect(signIn).toMatchObject({ __typename: 'Challenge', state: 'PENDING' });
  while (!prompts.some(({ loginRequests }) => loginRequests?.code)) {
    await within(
      new Promise<void>((resolve) => {
        rang = resolve;
      }),
      'a code',
    );
  }
  const request = prompts.find(({ loginRequests }) => loginRequests?.code)?.loginRequests;
  expect(request?.id).not.toBe(signIn?.id);
  const seen = await trusted.ask('seenMutation', { id: request?.id });
  expect(seen.acknowledgeLoginRequest).toMatchObject({ id: request?.id, state: 'PENDING' });
  const { challenge } = await laptop.ask('challengeQuery', { token: signIn?.token });
  expect(challenge).toMatchObject({ id: signIn?.id, deliveries: [{ state: 'SEEN', devicesReached: 1 }] });

  const { verifyCode } = await laptop.ask('verifyMutation', { token: signIn?.token, code: request?.code });
  expect(verifyCode).toMatchObject({ __typename: 'SignedIn', device: { name: 'Laptop', isCurrent: true } });
  const { viewer } = await speakerOf(verifyCode?.sessionToken ?? '').ask('viewerQuery');
  expect(viewer).toMatchObject({ email: phone.owner.email, loginRequests: [] });
  stop();
  asA('SignedIn', await phone.signIn());
}
