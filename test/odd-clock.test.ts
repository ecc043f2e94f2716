import { expect, jest, test } from '@jest/globals';
import { Servers } from './support/servers.js';

const HOURS_MS = 2 * 3_600_000;

test('a server whose clock is slow tells the end of a request as it comes', async () => {
  await using servers = await Servers.start();
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  await servers.database.query(
    "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
    [challenge.id],
  );
  // The machine's clock, which no other test fakes: what is shown is that it does not matter.
  const now = Date.now;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() - HOURS_MS);
  try {
    await using requests = phone.loginRequests();
    await using changes = laptop.challengeChanges(challenge);
    expect((await requests.next()).state).toBe('PENDING');
    expect((await requests.next()).state).toBe('EXPIRED');
    expect((await changes.nextThat(({ state }) => state !== 'PENDING')).state).toBe('EXPIRED');
  } finally {
    clock.mockRestore();
  }
});
