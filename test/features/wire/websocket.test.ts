import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inTime } from '../../support/in-step.js';
import { CHALLENGE_CHANGES, LOGIN_REQUESTS } from '../../support/operations.js';
import { asA, type Challenge } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';
import { DeafPeer, HandSocket } from '../../support/socket.js';

describe('a WebSocket', () => {
  let servers: Servers;
  let url: string;

  beforeAll(async () => {
    servers = await Servers.start({
      env: { ALLOWED_ORIGINS: 'https://app.example' },
      limits: { WS_INIT_SECONDS: 1, WS_SOCKETS_PER_SESSION: 3, WS_MESSAGES_PER_MINUTE: 20 },
    });
    url = servers.client().socketUrl;
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** Something that anybody may subscribe to who has its token. */
  async function signUpChallenge(): Promise<Challenge> {
    return asA('Challenge', await servers.stranger().signUp());
  }

  describe('is opened', () => {
    test.each(['https://evil.example', 'null', 'http://localhost:4001', 'https://app.example.evil.example'])(
      'by no page of the origin %s',
      async (origin) => {
        await expect(HandSocket.open(url, { headers: { origin } })).rejects.toThrow('403');
      },
    );

    test.each(['http://localhost:4000', 'http://127.0.0.1:4000', 'https://app.example'])(
      'by a page of the origin %s',
      async (origin) => {
        await using socket = await HandSocket.open(url, { headers: { origin } });
        socket.init(null);
        expect((await socket.next()).type).toBe('connection_ack');
      },
    );

    test('by a native client, which sends no origin', async () => {
      await using socket = await HandSocket.ready(url);
      expect(socket).toBeDefined();
    });

    test('for no other protocol', async () => {
      await expect(HandSocket.open(url, { protocol: 'mqtt' })).rejects.toThrow('no subprotocol');
    });
  });

  describe('is closed', () => {
    test('with 4408 if no connection_init comes in time', async () => {
      await using socket = await HandSocket.open(url);
      expect((await socket.closed()).code).toBe(4408);
    });

    test.each(['ses_dead', `ses_${'A'.repeat(43)}`, 'nonsense'])(
      'with 4401 if its authorization is %s',
      async (token) => {
        await using socket = await HandSocket.open(url);
        socket.init(token);
        expect(await socket.closed()).toEqual({ code: 4401, reason: 'Session ended' });
      },
    );

    test('with 4401 if its session has ended', async () => {
      const phone = await servers.signedUp();
      await phone.signOut();
      await using socket = await HandSocket.open(url);
      socket.init(phone.sessionToken);
      expect((await socket.closed()).code).toBe(4401);
    });

    test('with 1013 while the database is away, so that clients try again', async () => {
      await using others = await Servers.start();
      const phone = await others.signedUp();
      await others.database.away(async () => {
        await using socket = await HandSocket.open(others.client().socketUrl);
        socket.init(phone.sessionToken);
        expect((await socket.closed()).code).toBe(1013);
      });
      await using socket = await HandSocket.ready(others.client().socketUrl, phone.sessionToken);
      expect(socket).toBeDefined();
    });

    test('with 1008 if it sends more messages than it may', async () => {
      await using socket = await HandSocket.ready(url);
      // Connection_init was the first of the twenty.
      for (let nth = 1; nth < 20; nth += 1) socket.send({ type: 'ping' });
      for (let nth = 1; nth < 20; nth += 1) expect((await socket.next()).type).toBe('pong');
      socket.send({ type: 'ping' });
      expect((await socket.closed()).code).toBe(1008);
    });

    test('with 1009 if a message is longer than it may be', async () => {
      await using socket = await HandSocket.ready(url);
      socket.send({ type: 'ping', payload: 'x'.repeat(16_384) });
      expect((await socket.closed()).code).toBe(1009);
    });

    test('with 4401 if it subscribes before it was acknowledged', async () => {
      const { token } = await signUpChallenge();
      await using socket = await HandSocket.open(url);
      socket.subscribe('1', CHALLENGE_CHANGES, { token });
      expect((await socket.closed()).code).toBe(4401);
    });
  });

  describe('is one of a few', () => {
    test('of its session: the fourth is told to try again later', async () => {
      const phone = await servers.signedUp();
      const open = [];
      for (let nth = 0; nth < 3; nth += 1) open.push(await HandSocket.ready(url, phone.sessionToken));
      await using fourth = await HandSocket.open(url);
      fourth.init(phone.sessionToken);
      expect((await fourth.closed()).code).toBe(1013);
      await open.shift()?.[Symbol.asyncDispose]();
      open.push(await HandSocket.ready(url, phone.sessionToken));
      for (const socket of open) await socket[Symbol.asyncDispose]();
    });

    test('of its network while nobody has signed in on it', async () => {
      await using few = await Servers.start({ limits: { WS_ANONYMOUS_SOCKETS_PER_IP: 2 } });
      const phone = await few.signedUp();
      const { socketUrl } = few.client();
      await using first = await HandSocket.ready(socketUrl);
      // Counted as anonymous until it has signed in.
      await using signedIn = await HandSocket.ready(socketUrl, phone.sessionToken);
      await using second = await HandSocket.ready(socketUrl);
      await using third = await HandSocket.open(socketUrl);
      expect((await third.closed()).code).toBe(1013);
      expect([first, signedIn, second]).toHaveLength(3);
    });

    test('and carries ten subscriptions: the eleventh is refused, and the others go on', async () => {
      const challenge = await signUpChallenge();
      await using socket = await HandSocket.ready(url);
      for (let nth = 1; nth <= 11; nth += 1) {
        socket.subscribe(String(nth), CHALLENGE_CHANGES, { token: challenge.token });
        const { type, id, payload } = await socket.next();
        expect({ type, id }).toEqual({ type: nth <= 10 ? 'next' : 'error', id: String(nth) });
        if (nth === 11) expect(payload).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
      }
      socket.send({ type: 'complete', id: '1' });
      socket.subscribe('12', CHALLENGE_CHANGES, { token: challenge.token });
      expect(await socket.next()).toMatchObject({ type: 'next', id: '12' });
    });
  });

  describe('runs subscriptions alone', () => {
    test.each([
      ['a query', '{ viewer { id } }'],
      ['a mutation', 'mutation { signOut { sessionsEnded } }'],
    ])('%s is refused, and nothing of it is done', async (_what, query) => {
      const phone = await servers.signedUp();
      await using socket = await HandSocket.ready(url, phone.sessionToken);
      socket.subscribe('1', query);
      const { type, payload } = await socket.next();
      expect(type).toBe('error');
      expect(payload).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
      expect(await phone.viewer()).not.toBeNull();
    });

    test('under the code of each fault', async () => {
      await using socket = await HandSocket.ready(url);
      const codes: Record<string, string> = {
        'subscription { loginRequests { id }': 'GRAPHQL_PARSE_FAILED',
        'subscription { loginRequests { nothing } }': 'GRAPHQL_VALIDATION_FAILED',
      };
      for (const [query, code] of Object.entries(codes)) {
        socket.subscribe(code, query);
        expect(await socket.next()).toMatchObject({ type: 'error', id: code, payload: [{ extensions: { code } }] });
      }
      socket.subscribe('1', LOGIN_REQUESTS);
      const refusal = { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] };
      expect(await socket.next()).toMatchObject({ type: 'next', id: '1', payload: refusal });
      expect(await socket.next()).toEqual({ type: 'complete', id: '1' });
    });

    test('a variable of the wrong type is quoted neither in the answer nor in the log', async () => {
      const { token } = await signUpChallenge();
      await using socket = await HandSocket.ready(url);
      socket.subscribe('1', CHALLENGE_CHANGES, { token: [token] });
      const message = await socket.next();
      const refusal = { errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'token' } }] };
      expect(message.payload).toMatchObject(refusal);
      expect(JSON.stringify(message)).not.toContain(token);
      expect(servers.log.join('')).not.toContain(token);
    });
  });

  test('whose peer ignores the end of its session is served nothing more, and is cut off within a second', async () => {
    const phone = await servers.signedUp();
    const { token } = await signUpChallenge();
    using peer = await DeafPeer.ready(url, phone.sessionToken);
    await phone.signOut();
    await peer.hears('Session ended');
    const cut = inTime(peer.cut(), 1_000, () => servers.client().graphql('{ viewer { id } }'), 500);
    const { length } = peer.heard;
    // What is done of it would wait for the table, and be seen to wait.
    const challenges = 'lock table challenge in access exclusive mode';
    await servers.database.holding(challenges, [], async () => {
      peer.send({ id: '1', type: 'subscribe', payload: { query: CHALLENGE_CHANGES, variables: { token } } });
      await cut;
      const waiting = "datname = current_database() and wait_event_type = 'Lock'";
      expect(await servers.database.count('pg_stat_activity', waiting)).toBe(0);
    });
    expect(peer.heard).toHaveLength(length);
  });
});
