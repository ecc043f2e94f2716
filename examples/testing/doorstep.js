// A Doorstep of a test run's own: everything in one process, its data in a folder that goes with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 120_000;
const MAIL_MS = 20_000;

/** All that tests do comes from one address, and nobody guesses their passwords. */
const settings = {
  CHALLENGES_PER_IP_HOUR: '1000000',
  OPEN_CHALLENGES_PER_IP_HOUR: '1000000',
  PASSWORD_FAILURES_PER_IP_HOUR: '1000000',
  SIGN_INS_PER_IP_HOUR: '1000000',
  ARGON2_MEMORY_KIB: '8192',
  ARGON2_PASSES: '1',
};

/**
 * Starts Doorstep and waits until it works.
 * @param folder its checkout, in which `npm ci` was run
 */
export async function startDoorstep(folder, env = {}) {
  const data = await mkdtemp(path.join(tmpdir(), 'doorstep-'));
  // Where this runs as root, PostgreSQL does not: its user has to get in, or the database is put elsewhere.
  await chmod(data, 0o711);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const server = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...process.env, ...settings, NODE_ENV: 'development', DATA_DIR: data, PORT: String(port), ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    // npm, its shell and the server: a group, so that all of them get the signal.
    detached: true,
  });
  const ended = once(server, 'exit');
  try {
    await until(async () => {
      if (server.exitCode !== null) throw new Error('Doorstep did not start: see above');
      return (await fetch(`${url}/readyz`).catch(() => null))?.ok;
    }, START_MS);
    return new RunningDoorstep(url, (await readFile(path.join(data, 'client-key'), 'utf8')).trim(), stop);
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop() {
    if (server.exitCode === null) process.kill(-server.pid, 'SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  }
}

class RunningDoorstep {
  /** @param key that of the client `development`, which may do everything */
  constructor(url, key, stop) {
    Object.assign(this, { url, key, stop });
  }

  /** Asks as a person's device does. @param session a session's token, or null */
  ask(query, variables = {}, session = null) {
    return graphql(`${this.url}/graphql`, query, variables, session);
  }

  /** Asks as the product's backend does. */
  askBackend(query, variables = {}) {
    return graphql(`${this.url}/backend/graphql`, query, variables, this.key);
  }

  /** The code of the newest mail to somebody that was not read yet; waits for it. */
  async mailedCode(email) {
    const mail = await until(async () => {
      const mails = await (await fetch(`${this.url}/inbox/mails`)).json();
      return mails.find(
        ({ id, to, code }) => code && !this.#read.has(id) && to.some(({ address }) => address === email),
      );
    }, MAIL_MS);
    this.#read.add(mail.id);
    return mail.code;
  }

  #read = new Set();

  /** The code of a sign-in that waits, as a trusted device shows it. */
  async shownCode(session, deviceName) {
    const shown = '{ viewer { loginRequests { code deviceName } } }';
    const prompt = await until(async () => {
      const { viewer } = await this.ask(shown, {}, session);
      return viewer.loginRequests.find((request) => request.deviceName === deviceName);
    }, MAIL_MS);
    return prompt.code;
  }
}

async function graphql(url, query, variables, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function until(look, withinMs) {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`nothing came within ${withinMs} ms`);
}
