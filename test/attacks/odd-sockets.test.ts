import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { CHALLENGE_CHANGES, LOGIN_REQUESTS } from '../support/operations.js';
import { asA, type Challenge } from '../support/outcomes.js';
import { Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';
import { until } from '../support/waiting.js';

describe('a subscription', () => {
  let servers: Servers;
  let url: string;

  beforeAll(async () => {
    servers = await Servers.start();
    url = servers.client().socketUrl;
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  async function signUpChallenge(): Promise<Challenge> {
    return asA('Challenge', await servers.stranger().signUp());
  }

  const isOnline = async (phone: Handset) => (await phone.viewer())?.currentDevice.isOnline;

  test('that starts again under its id while it was still starting closes the socket, and none is left', async () => {
    const phone = await servers.trusted();
    await using socket = await HandSocket.ready(url, phone.sessionToken);
    for (let nth = 0; nth < 20; nth += 1) {
      socket.subscribe('1', LOGIN_REQUESTS);
      socket.send({ type: 'complete', id: '1' });
    }
    socket.subscribe('1', LOGIN_REQUESTS);
    expect((await socket.closed()).code).toBe(4409);
    await until(async () => (await servers.database.count('presence')) === 0, 'the end of its presence');
    expect(await isOnline(phone)).toBe(false);
  });

  test('whose id is too long for the reason of a close is closed all the same when it is not the only one', async () => {
    const { token } = await signUpChallenge();
    await using socket = await HandSocket.ready(url);
    const id = 'x'.repeat(200);
    socket.subscribe(id, CHALLENGE_CHANGES, { token });
    await socket.next();
    socket.subscribe(id, CHALLENGE_CHANGES, { token });
    expect((await socket.closed()).code).toBe(4409);
  });

  test('whose peer breaks the protocol is no error in the log', async () => {
    const { length } = servers.log;
    await using socket = await HandSocket.ready(url);
    socket.send({ type: 'ping', payload: 'x'.repeat(20_000) });
    expect((await socket.closed()).code).toBe(1009);
    const levels = servers.log.slice(length).map((line) => Number(JSON.parse(line).level));
    expect(Math.max(0, ...levels)).toBeLessThan(40);
  });

  test('that meets a database which is away is closed with 1013, so that clients come back for it', async () => {
    const challenge = await signUpChallenge();
    await using open = await HandSocket.ready(url);
    await using idle = await HandSocket.ready(url);
    // At its end the challenge is read again, though nobody tells of it.
    await servers.database.query(
      "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
      [challenge.id],
    );
    open.subscribe('1', CHALLENGE_CHANGES, { token: challenge.token });
    expect((await open.next()).type).toBe('next');
    await servers.database.away(async () => {
      idle.subscribe('1', CHALLENGE_CHANGES, { token: challenge.token });
      expect((await idle.closed()).code).toBe(1013);
      expect((await open.closed()).code).toBe(1013);
    });
  });
});
