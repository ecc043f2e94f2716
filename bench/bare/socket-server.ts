import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerCalls } from '../site/child.js';

// A process: holds sockets, and says nothing.

answerCalls({
  async listen() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
});
