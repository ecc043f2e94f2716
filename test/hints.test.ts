import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Servers } from './support/servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
});
afterAll(() => servers[Symbol.asyncDispose]());

test('the hint changes live when the only trusted device goes offline in the middle', async () => {
  const phone = await servers.trusted(0);
  const laptop = phone.another('Laptop', servers.client(1));
  const live = phone.loginRequests();
  const challenge = await laptop.challenged();
  await live.next();
  await using changes = laptop.challengeChanges(challenge);
  const shown = await changes.nextThat(({ deliveries }) => deliveries[0]?.state === 'SENT');
  expect(shown.deliveries[0]).toMatchObject({ reason: 'NOT_YET_ACKNOWLEDGED', devicesReached: 1 });

  await live[Symbol.asyncDispose]();
  const gone = await changes.nextThat(({ deliveries }) => deliveries[0]?.reason !== 'NOT_YET_ACKNOWLEDGED');
  expect(gone.deliveries[0]).toMatchObject({ state: 'SENT', reason: 'NO_TRUSTED_DEVICE_ONLINE', devicesReached: 1 });
  expect(gone.deliveries[0]?.hint).toMatch(/None of your trusted devices is online/);

  await using again = phone.loginRequests();
  await again.next();
  const back = await changes.nextThat(({ deliveries }) => deliveries[0]?.reason === 'NOT_YET_ACKNOWLEDGED');
  expect(back.state).toBe('PENDING');
});
