import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { pino } from 'pino';
import { startInbox } from '../../src/embedded/inbox.js';
import { Handset, newOwner } from '../support/handset.js';
import { Mailbox } from '../support/mailbox.js';
import { asA } from '../support/outcomes.js';
import { codeShownOn } from '../support/owner.js';
import { startTestPostgres } from '../support/postgres.js';
import { Process } from '../support/processes.js';
import { startRedis } from '../support/redis.js';
import { freePort, type Store } from '../support/store.js';
import { composeService } from './compose.js';
import { Image } from './image.js';

// npm run image: builds the image of the Dockerfile and runs API and worker from it, with the settings of
// docker-compose.yml and with those of production, over PostgreSQL and Redis of this machine's packages. As root: an image
// is built and entered by mounting.

type Settings = Readonly<Record<string, string>>;

/** What the image runs with. */
interface Surroundings {
  readonly image: Image;
  readonly mailbox: Mailbox;
  /** Of API and worker. */
  readonly services: Readonly<
    Record<'api' | 'worker', { readonly command?: readonly string[]; environment: Settings }>
  >;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** The newest PostgreSQL that the machine's packages brought. */
function systemPostgres() {
  const home = '/usr/lib/postgresql';
  const [major] = readdirSync(home).sort((a, b) => Number(b) - Number(a));
  const bin = path.join(home, String(major), 'bin');
  return { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres') };
}

/** An empty database that belongs to the role of docker-compose.yml. */
async function createDatabase(postgres: Store): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query('drop database if exists doorstep');
    await client.query('drop role if exists doorstep');
    await client.query('create role doorstep login');
    await client.query('create database doorstep owner doorstep');
  } finally {
    await client.end();
  }
}

/** Runs both programs, lets one person in on three devices, and stops them again. */
async function tryOut(what: string, { image, mailbox, services }: Surroundings, settings: Settings): Promise<void> {
  say(`${what} ...`);
  const ports = { PORT: String(await freePort()), WORKER_PORT: String(await freePort()) };
  // Each of them with the other's port as well, as an image has it whose ports are set.
  const environmentOf = (name: 'api' | 'worker') => ({
    ...image.environment,
    ...services[name].environment,
    ...settings,
    ...ports,
    HOST: '127.0.0.1',
  });
  const programOf = (name: 'api' | 'worker') => image.command(services[name].command ?? image.program);
  const since = performance.now();
  const seconds = () => ((performance.now() - since) / 1000).toFixed(1);
  // Both at once, as containers start: the worker waits for the tables that the API makes.
  await using worker = await Process.launch('worker', environmentOf('worker'), { command: programOf('worker') });
  await using api = await Process.server(environmentOf('api'), { command: programOf('api') });
  say(`  API ready after ${seconds()} s`);
  await worker.ready();
  say(`  worker takes jobs after ${seconds()} s`);
  const workerUrl = `http://127.0.0.1:${ports.WORKER_PORT}`;
  assert.equal((await fetch(`${workerUrl}/readyz`)).status, 200);
  assert.ok(image.isHealthy(environmentOf('api')));
  const { status, headers } = await fetch(`${api.url}/`);
  assert.deepEqual([status, headers.get('content-type')], [200, 'text/html; charset=utf-8']);

  const phone = new Handset(api.client, mailbox, newOwner());
  const { email } = phone.owner;
  const challenge = asA('Challenge', await phone.signUp());
  asA('SignedIn', await phone.verify(challenge, await mailbox.code(email)));
  await phone.turnOnTwoStep();
  const [laptop, tablet] = [phone.another('Laptop'), phone.another('Tablet')];
  const shown = await laptop.challenged();
  asA('SignedIn', await laptop.verify(shown, await codeShownOn(phone, shown)));
  const mailed = await tablet.challenged();
  asA('Challenge', await tablet.sendCode(mailed, 'EMAIL'));
  asA('SignedIn', await tablet.verify(mailed, await mailbox.code(email)));
  assert.equal((await tablet.viewer())?.devices.length, 3);
  say('  signed up, turned two-step on, signed in with a code shown on the first device and with a code from the mail');

  assert.equal((await api.terminate()).code, 0, api.log.join('\n'));
  // Of the two only the worker is left to answer.
  assert.ok(image.isHealthy(environmentOf('worker')));
  assert.equal((await worker.terminate()).code, 0, worker.log.join('\n'));
  assert.ok(!image.isHealthy(environmentOf('worker')));
  say('  both ended with 0 on SIGTERM');
}

using image = Image.build();
say(
  `The image: ${image.megabytesOf('/')} MB, of it Doorstep ${image.megabytesOf('/app')} MB, ` +
    `of that its packages ${image.megabytesOf('/app/node_modules')} MB`,
);
assert.match(image.run(['touch', '/tmp/probe']).output, /Read-only file system/);

const postgres = await startTestPostgres({ programs: systemPostgres() });
const redis = await startRedis();
const inbox = await startInbox({ logger: pino({ level: 'silent' }) });
try {
  const values = { POSTGRES_PASSWORD: 'unused', CODE_KEYS: `first:${randomBytes(32).toString('base64')}` };
  const hosts = { postgres: postgres.port, redis: redis.port, mail: Number(new URL(inbox.smtpUrl).port) };
  const services = {
    api: composeService('api', values, hosts),
    worker: composeService('worker', values, hosts),
  };
  const surroundings = { image, mailbox: new Mailbox(inbox), services };
  await createDatabase(postgres);
  await tryOut('As docker-compose.yml has it', surroundings, {});

  await createDatabase(postgres);
  const production = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://doorstep.example',
    MAIL_FROM: 'Doorstep <no-reply@doorstep.example>',
  };
  const migrate = ['node', 'node_modules/.bin/mikro-orm', 'migration:up'];
  const migrated = image.run(migrate, { ...image.environment, ...services.api.environment, ...production });
  assert.equal(migrated.code, 0, migrated.output);
  await tryOut('In production, migrated beforehand', surroundings, production);
} finally {
  await inbox.close();
  await redis.stop();
  await postgres.stop();
}
