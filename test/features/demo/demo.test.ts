import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { startInbox } from '../../../src/embedded/inbox.js';
import { backEnds, Servers } from '../../support/servers.js';

const program = fileURLToPath(new URL('../../../src/demo.js', import.meta.url));

describe.each(backEnds)('with queue and bus on $name', ({ redis }) => {
  test('a phone, a laptop and a tablet get in, each by the code that it was shown', async () => {
    await using servers = await Servers.start({ count: 0, redis });
    await using inbox = await disposableInbox();
    const app = await servers.add({ api: true, worker: true, inbox: inbox.inbox }, { SMTP_URL: inbox.inbox.smtpUrl });

    const { exitCode, output, faults } = await demo(`${app.url}`);

    expect(faults).toBe('');
    expect(exitCode).toBe(0);
    const onPhone = codes(output, /phone +shows (\d{6}) /g);
    expect(onPhone).toHaveLength(2);
    expect(codes(output, /(?:laptop|tablet) +types (\d{6}): signed in, and trusted/g)).toEqual(onPhone);
    expect(codes(output, /inbox +"[^"]+": (\d{6})\n/g)).toEqual(onPhone.slice(1));
    for (const step of ['SENT on 1 device', 'SEEN on 1 device', 'that token: no code', 'MAIL_ACCEPTED']) {
      expect(output).toContain(step);
    }
  });
});

test('where no server answers, it says how to start one', async () => {
  const url = await unusedUrl();

  const { exitCode, faults } = await demo(url);

  expect(exitCode).toBe(1);
  expect(faults).toContain(`Nothing answers at ${url}.`);
  expect(faults).toContain('npm start');
});

test('where a server has no inbox, it says so before it signs anybody up', async () => {
  await using servers = await Servers.start({ count: 0 });
  const app = await servers.add({ api: true, worker: false });

  const { exitCode, output, faults } = await demo(`${app.url}`);

  expect(exitCode).toBe(1);
  expect(output).not.toContain('signs up');
  expect(faults).toContain(`There is no inbox at ${app.url}/inbox.`);
});

test('what is no address is refused in words', async () => {
  const { exitCode, faults } = await demo('nonsense');

  expect(exitCode).toBe(1);
  expect(faults).toContain("'nonsense' is not an address");
});

/** Runs the program as npm would, without a terminal. */
function demo(url: string): Promise<{ exitCode: number; output: string; faults: string }> {
  return new Promise((resolve) =>
    execFile(process.execPath, [program, url], { timeout: 25_000 }, (error, output, faults) =>
      resolve({ exitCode: error ? Number(error.code) : 0, output, faults }),
    ),
  );
}

function codes(output: string, pattern: RegExp): string[] {
  return [...output.matchAll(pattern)].map(([, code]) => code ?? '');
}

async function disposableInbox() {
  const inbox = await startInbox({ logger: pino({ level: 'silent' }) });
  return { inbox, [Symbol.asyncDispose]: () => inbox.close() };
}

/** Where something listened a moment ago. */
async function unusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://localhost:${port}`;
}
