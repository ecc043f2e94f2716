import { beforeAll, expect, jest, test } from '@jest/globals';
import { Process } from '../../support/processes.js';
import { Servers } from '../../support/servers.js';

// A real process starts here: two seconds of work.
jest.setTimeout(90_000);

/** Each file costs a start a third of a millisecond, and memory for as long as the process runs. */
const FILES_MOST = 1_350;

/** What is loaded at its first use, if there is any: packages, and where one has a part that every start needs, the others. */
const late: readonly string[] = [
  // For migrations.
  '@mikro-orm/',
  'kysely/',
  // For new passwords.
  '@zxcvbn-ts/core/',
  'tinypool/',
  // For access tokens, where there are SIGNING_KEYS.
  'jose/',
  // For places, where there is a GEOIP_DATABASE.
  'maxmind/',
  'mmdb-lib/',
  // For /metrics, where somebody may ask.
  'prom-client/',
  '@opentelemetry/api/',
  // For the worker.
  '@block65/webcrypto-web-push/',
  'eta/',
  'nodemailer/dist/esm/nodemailer.js',
  'nodemailer/dist/esm/mailer/',
  // For whom Apollo is told of what is asked.
  '@apollo/usage-reporting-protobuf/',
  // For JSON schemas, of which no route has one.
  'ajv/',
];

let loaded: readonly string[];
beforeAll(async () => {
  await using stores = await Servers.start({ count: 0 });
  const env = { ...stores.environment(), NODE_ENV: 'production', PUBLIC_URL: 'https://doorstep.example' };
  const hook = new URL('../../support/loaded-files.js', import.meta.url).href;
  await using server = await Process.server(env, { nodeOptions: [`--import=${hook}`] });
  loaded = server.log.filter((line) => line.startsWith('loaded '));
});

test(`a server that starts on a database with its tables loads ${FILES_MOST} files at most`, () => {
  expect(loaded.filter((line) => line.includes('/node_modules/fastify/'))).not.toEqual([]);
  expect(loaded.length).toBeLessThanOrEqual(FILES_MOST);
});

test.each(late)('a server that starts does not load %s', (files) => {
  expect(loaded.filter((line) => line.includes(`/node_modules/${files}`))).toEqual([]);
});
