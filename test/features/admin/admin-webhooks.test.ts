import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, jest, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import { Backend } from '../../support/backend.js';
import { Receiver, WEBHOOKS_HERE } from '../../support/receiver.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

// Real processes start here, one after the other.
jest.setTimeout(60_000);

const admin = path.join(import.meta.dirname, '../../../src/admin.js');

test('webhook list tells of each address how it fares, and what was wrong', async () => {
  await using receiver = await Receiver.start();
  await using servers = await Servers.start({ env: WEBHOOKS_HERE });
  const [well, ill] = [receiver.url('/well'), receiver.url('/ill')];
  const shop = await Backend.add(servers, { name: 'shop', ownAccounts: true, webhooks: [well, ill] });
  await Backend.add(servers, { name: 'quiet', ownAccounts: true });
  receiver.answer(({ path: at }) => ({ status: at === '/ill' ? 500 : 204 }));
  await servers.signedUp();
  await until(() => servers.database.count('webhook', 'status_code = 500'), 'the fault');
  await until(() => servers.database.count('webhook', "state = 'DELIVERED'"), 'the other');

  const run = async (...args: string[]) => {
    const env = { DATABASE_URL: servers.database.url };
    return (await promisify(execFile)(process.execPath, [admin, 'webhook', 'list', ...args], { env, cwd: projectRoot }))
      .stdout;
  };
  const time = expect.stringMatching(/^20.*Z$/);
  expect(JSON.parse(await run('--json'))).toEqual({
    webhooks: [
      {
        ...{ client: 'shop', clientId: shop.id, url: ill, waiting: 1, failing: 1, waitingSince: time },
        ...{ delivered: 0, givenUp: 0, lastDeliveredAt: null, lastFault: { fault: 'REFUSED', status: 500, at: time } },
      },
      {
        ...{ client: 'shop', clientId: shop.id, url: well, waiting: 0, failing: 0, waitingSince: null },
        ...{ delivered: 1, givenUp: 0, lastDeliveredAt: time, lastFault: null },
      },
    ],
  });
  const [head, first, second] = (await run()).split('\n');
  expect(head).toMatch(/^CLIENT +ADDRESS +WAITING +SINCE +DELIVERED +GIVEN UP +LAST FAULT$/);
  expect(first).toMatch(/^shop +http\S+\/ill +1 +20\S+ +0 +0 +REFUSED 500 20\S+$/);
  expect(second).toMatch(/^shop +http\S+\/well +0 +- +1 +0 +-$/);
});
