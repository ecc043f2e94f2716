import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, Kind, type OperationDefinitionNode, parse, validate } from 'graphql';
import { projectRoot } from '../../../src/config/project.js';
import { type PlaygroundExample, playgroundExamples } from '../../../src/wire/playground-examples.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start();
});

afterAll(() => servers[Symbol.asyncDispose]());

describe('the page', () => {
  test('brings all that it names, and names nothing of another server', async () => {
    const html = await text('/playground');
    const own = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    const script = await text('/playground/playground.js');

    const named = own.filter((url) => !url.startsWith('data:'));
    expect(named).toHaveLength(5);
    // From where the page is: below which path that is, it does not know.
    for (const url of [...named, ...['editor', 'json', 'graphql'].map((name) => `playground/workers/${name}.js`)]) {
      expect(url).toMatch(/^playground\//);
      const response = await get(`/${url}`);
      expect([url, response.status]).toEqual([url, 200]);
      expect(response.headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/);
    }
    expect(JSON.parse(await text('/playground/examples.json'))).toEqual(JSON.parse(JSON.stringify(playgroundExamples)));
    expect(script).not.toMatch(/https?:\/\//);
  });

  test('may load, run and ask nothing but what comes from this server', async () => {
    const policies = (await get('/playground')).headers.get('content-security-policy') ?? '';

    expect(policies).toContain("default-src 'none'");
    const sources = policies.split('; ').flatMap((directive) => directive.split(' ').slice(1));
    expect(new Set(sources)).toEqual(new Set(["'none'", "'self'", "'unsafe-inline'", 'data:']));
    expect(policies).toContain("script-src 'self';");
    expect((await get('/livez')).headers.get('content-security-policy')).not.toContain('unsafe-inline');
  });

  test('is sent compressed to whoever takes gzip, and as it is to others', async () => {
    const plain = await get('/playground/graphiql.css', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    const packed = await get('/playground/graphiql.css', { 'accept-encoding': 'br, gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('vary')).toContain('Accept-Encoding');
    // fetch has unpacked it.
    expect(packed.body).toBe(plain.body);
  });

  test('is not sent again while it is the same', async () => {
    const etag = (await get('/playground/graphiql.js')).headers.get('etag') ?? '';

    const again = await get('/playground/graphiql.js', { 'if-none-match': etag });

    expect(again.status).toBe(304);
    expect(again.body).toBe('');
  });

  test('is not there when it is turned off', async () => {
    await using off = await Servers.start({ worker: false, env: { PLAYGROUND: 'off' } });

    expect((await fetch(`${off.client().url}/playground`)).status).toBe(404);
  });
});

describe('the examples', () => {
  const schema = buildSchema(readFileSync(path.join(projectRoot, 'schema.graphql'), 'utf8'));

  test.each(playgroundExamples.map((example) => [nameOf(example), example] as const))(
    '%s is valid',
    (_name, example) => {
      expect(validate(schema, parse(example.query))).toEqual([]);
    },
  );

  test('have a name each, which is that of its tab', () => {
    const names = playgroundExamples.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
  });

  test('lead from a new account to a second device that is trusted', async () => {
    const walk = new Walk(servers);

    await walk.step('SignUp');
    const entered = await walk.step('VerifySignUp', await walk.mailedCode());
    expect(entered).toMatchObject({ verifyCode: { device: { name: "Ada's phone", isTrusted: false } } });
    await walk.step('StartTwoStepSetup');
    await walk.step('EnableTwoStep', await walk.mailedCode());
    await using live = walk.listen<{ code: string; deviceName: string }>('LiveCodes');
    expect(await walk.step('SignIn')).toMatchObject({ signIn: { method: 'APP' } });
    const { code, deviceName } = await live.next();
    expect(deviceName).toBe("Ada's laptop");
    await using seen = walk.listen<{ deliveries: { state: string }[] }>('WatchChallenge');
    await seen.nextThat(({ deliveries }) => deliveries[0]?.state === 'SENT');
    await walk.step('SendByMail');
    expect(await walk.mailedCode()).toBe(code);
    expect(await walk.step('VerifySignIn', code)).toMatchObject({ verifyCode: { device: { isTrusted: true } } });
    expect(await walk.step('SignInAgain')).toMatchObject({ signIn: { device: { name: "Ada's laptop" } } });
    expect(await walk.step('Viewer')).toMatchObject({ viewer: { twoStep: { enabled: true } } });
  });
});

/** Runs the examples as the page does: with the newest tokens of the answers in their places. */
class Walk {
  private readonly kept = new Map<string, string>();

  constructor(private readonly on: Servers) {}

  async step(name: string, code?: string): Promise<Record<string, unknown>> {
    const { query, variables, headers } = this.filled(name, code);
    const data = await this.on.client().data(query, variables, { headers });
    JSON.stringify(data, (key, value) => {
      const place = { token: 'challengeToken', sessionToken: 'sessionToken', deviceToken: 'deviceToken' }[key];
      if (place) this.kept.set(place, value);
      return value;
    });
    return data;
  }

  listen<T>(name: string) {
    const { query, variables, headers } = this.filled(name);
    return this.on.client().subscribe<T>(query, variables, { token: headers?.Authorization?.replace('Bearer ', '') });
  }

  mailedCode(): Promise<string> {
    return this.on.mailbox.code('ada@example.com');
  }

  private filled(name: string, code = '') {
    const example = playgroundExamples.find((candidate) => nameOf(candidate) === name);
    const { query, ...rest } = example ?? { query: '' };
    const text = JSON.stringify(rest).replace(/\{\{(\w+)\}\}/g, (_place, token) => this.kept.get(token) ?? '');
    const { variables, headers } = JSON.parse(text.replace('"code":""', `"code":"${code}"`));
    return { query, variables, headers } as {
      query: string;
      variables?: Record<string, unknown>;
      headers?: Record<string, string>;
    };
  }
}

function nameOf({ query }: PlaygroundExample): string {
  const [operation] = parse(query).definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  return operation?.name?.value ?? '';
}

/** With the whole body: an answer that nobody reads stays under way. */
async function get(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${servers.client().url}${url}`, { headers });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

async function text(url: string): Promise<string> {
  return (await get(url)).body;
}
