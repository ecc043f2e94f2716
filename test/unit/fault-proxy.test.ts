import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FaultProxy } from '../support/fault-proxy.js';
import { until, within } from '../support/waiting.js';

/** A client on a connection of its own, and what it has heard. */
class Caller implements Disposable {
  readonly socket: Socket;
  heard = '';
  fate: 'open' | 'ended' | 'reset' = 'open';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (chunk) => {
      this.heard += String(chunk);
    });
    this.socket.on('end', () => {
      this.fate = 'ended';
    });
    this.socket.on('error', () => {
      this.fate = 'reset';
    });
  }

  async says(text: string): Promise<void> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    this.socket.write(text);
  }

  hears(text: string): Promise<unknown> {
    return until(() => this.heard === text, `'${text}'`);
  }

  is(fate: Caller['fate']): Promise<unknown> {
    return until(() => this.fate === fate, `a connection that is ${fate}`);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

describe('the fault proxy', () => {
  /** Says back what it is told. */
  let echo: Server;
  let told: string;
  let proxy: FaultProxy;

  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        told += String(chunk);
        socket.write(chunk);
      });
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
  });
  beforeEach(async () => {
    told = '';
    proxy = await FaultProxy.start(`echo://user:word@127.0.0.1:${(echo.address() as AddressInfo).port}/path`);
  });
  afterEach(() => proxy[Symbol.dispose]());
  afterAll(() => void echo.close());

  test('hands on what it is given, both ways, the end included', async () => {
    expect(new URL(proxy.url)).toMatchObject({ username: 'user', port: String(proxy.port), pathname: '/path' });
    using caller = new Caller(proxy.port);
    await caller.says('hello');
    await caller.hears('hello');
    caller.socket.end();
    await caller.is('ended');
    await until(() => proxy.connections === 0, 'the end of the connection');
  });

  test('makes everything late', async () => {
    using caller = new Caller(proxy.port);
    proxy.delay(100);
    const before = performance.now();
    await caller.says('hello');
    await caller.hears('hello');
    // There and back.
    expect(performance.now() - before).toBeGreaterThanOrEqual(195);
  });

  test('lets data drip, and hands on the rest at once when it is healed', async () => {
    using caller = new Caller(proxy.port);
    proxy.drip(20);
    await caller.says('x'.repeat(10_000));
    await until(() => caller.heard.length > 2, 'some drops');
    expect(caller.heard.length).toBeLessThan(100);
    await proxy.heal();
    await caller.hears('x'.repeat(10_000));
  });

  test('holds everything in a black hole, and new connections too, until it is healed', async () => {
    using known = new Caller(proxy.port);
    await known.says('hello');
    await known.hears('hello');
    proxy.blackHole();
    using late = new Caller(proxy.port);
    await late.says('late');
    await known.says(' again');
    known.socket.end();
    // As long as it takes to hear something on a way that is free.
    using free = new Caller((echo.address() as AddressInfo).port);
    await free.says('free');
    await free.hears('free');
    expect([told, known.heard, late.heard]).toEqual(['hellofree', 'hello', '']);
    await proxy.heal();
    await Promise.all([known.hears('hello again'), late.hears('late'), known.is('ended')]);
  });

  test('resets a connection after so many bytes of the answer', async () => {
    using caller = new Caller(proxy.port);
    proxy.resetAfter(7);
    await caller.says('hello');
    await caller.hears('hello');
    await caller.says(' world');
    await caller.is('reset');
    expect('hello w').toContain(caller.heard);
    expect(told).toBe('hello world');
  });

  test('loses the answer to a text that the server was told, once', async () => {
    using bystander = new Caller(proxy.port);
    using caller = new Caller(proxy.port);
    const lost = proxy.loseAnswerTo('commit');
    await caller.says('begin');
    await caller.hears('begin');
    await caller.says('commit');
    await within(lost, 'the loss');
    await caller.is('reset');
    expect([told, caller.heard]).toEqual(['begincommit', 'begin']);
    await bystander.says('commit');
    await bystander.hears('commit');
  });

  test("ends the server's direction alone", async () => {
    using caller = new Caller(proxy.port);
    await caller.says('hello');
    await caller.hears('hello');
    proxy.halfClose();
    await caller.is('ended');
    await caller.says('more');
    expect([caller.heard, told]).toEqual(['hello', 'hello']);
    expect(proxy.connections).toBe(1);
  });

  test('cuts what stands, and takes new connections', async () => {
    using caller = new Caller(proxy.port);
    await caller.says('hello');
    await caller.hears('hello');
    proxy.cut();
    await caller.is('reset');
    using next = new Caller(proxy.port);
    await next.says('hello');
    await next.hears('hello');
  });

  test('refuses new connections, leaves those that stand, and listens on the same port when it is healed', async () => {
    using known = new Caller(proxy.port);
    await known.says('hello');
    await known.hears('hello');
    proxy.refuse();
    using refused = new Caller(proxy.port);
    await refused.is('reset');
    await known.says('!');
    await known.hears('hello!');
    const { port } = proxy;
    await proxy.heal();
    expect(proxy.port).toBe(port);
    using next = new Caller(port);
    await next.says('hello');
    await next.hears('hello');
  });
});
