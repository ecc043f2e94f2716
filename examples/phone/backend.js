// A service of the product that the phone asks.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { doorstep } from '@doorstep/server';
import { requireSession } from '@doorstep/server/express';

const door = doorstep({
  url: process.env.DOORSTEP_URL ?? 'http://localhost:4000',
  key: process.env.DOORSTEP_KEY ?? readFileSync(process.env.DOORSTEP_KEY_FILE ?? '../../.data/client-key', 'utf8'),
  keepChecks: true,
});
// Whoever asks over a proxy would have another address than this one.
const signedIn = requireSession(door, { usedFrom: (request) => request.socket.remoteAddress });

const server = createServer((request, response) => {
  signedIn(request, response, () => {
    const { email, deviceName } = request.doorstep;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(`Hello ${email} on '${deviceName}'\n`);
  });
});
server.listen(Number(process.env.PORT ?? 5000), '127.0.0.1', () => {
  process.stdout.write(`A service at http://127.0.0.1:${server.address().port}\n`);
});
