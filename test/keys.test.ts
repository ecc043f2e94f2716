import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Servers } from './support/servers.js';
import { until } from './support/waiting.js';

test('a worker that does not have the newest key yet leaves the mail to one that has', async () => {
  await using servers = await Servers.start({ worker: false });
  const old = `old:${randomBytes(32).toString('base64')}`;
  await servers.add({ api: false, worker: true }, { CODE_KEYS: old });
  const phone = servers.stranger();
  await phone.signUp();
  await until(() => servers.log.some((line) => line.includes('which an open challenge needs')), 'the worker to see it');
  await servers.add({ api: false, worker: true });
  expect(await servers.mailbox.code(phone.owner.email)).toMatch(/^\d{8}$/);
});
