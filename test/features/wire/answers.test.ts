import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RawConnection } from '../../support/raw-connection.js';
import { Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';
import { until } from '../../support/waiting.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ limits: { ANSWER_SECONDS: 1 } });
  // What is read and compressed when it is first asked for may take longer than an answer may here.
  const file = `${servers.client().url}/playground/graphiql.js`;
  const isRead = async () => (await fetch(file)).arrayBuffer().then(Boolean);
  await until(() => isRead().catch(() => false), 'the file');
});
afterAll(() => servers[Symbol.asyncDispose]());

const page = 'GET /playground/graphiql.js HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('a connection whose peer does not read the answer', () => {
  test('is cut off after ANSWER_SECONDS, whatever else it sends, and not before', async () => {
    using connection = await RawConnection.open(servers.client().url);
    connection.deafen();
    const askedAt = performance.now();
    connection.write(page);
    // Lines between requests are nothing, but a connection on which something moves.
    await until(() => {
      connection.write('\r\n');
      return connection.isOver;
    }, 'the cut');
    expect(performance.now() - askedAt).toBeGreaterThan(900);
  });

  test('does not end those that have been answered, nor a socket', async () => {
    const client = servers.client();
    await using socket = await HandSocket.ready(client.socketUrl);
    using reader = await RawConnection.open(client.url);
    reader.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => reader.statuses.length === 1, 'the answer');
    using connection = await RawConnection.open(client.url);
    connection.deafen();
    connection.write(page);
    await until(() => {
      connection.write('\r\n');
      return connection.isOver;
    }, 'the cut of one that came later');
    expect(reader.isOver).toBe(false);
    socket.send({ type: 'ping' });
    expect(await socket.next()).toMatchObject({ type: 'pong' });
  });
});
