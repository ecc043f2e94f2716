import { expect, test } from '@jest/globals';
import { disableTwoStep } from '../support/owner.js';
import { Servers } from '../support/servers.js';

test('who is turned away because the server is busy has not tried a password', async () => {
  await using servers = await Servers.start({ limits: { HASHES_AT_ONCE: 1, HASHES_WAITING: 0 } });
  const phone = await servers.signedUp();
  // With the right password all the time, from a device that is not known and from one that is.
  for (let round = 0; round < 8; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => phone.another('Laptop').signIn().catch(requireBusy)),
    );
    expect(answers).not.toContainEqual(expect.objectContaining({ __typename: 'InvalidCredentials' }));
    const again = await Promise.all(Array.from({ length: 4 }, () => disableTwoStep(phone).catch(requireBusy)));
    expect(again).not.toContainEqual(expect.objectContaining({ __typename: 'WrongPassword' }));
  }
  expect(await servers.database.count('password_attempt', 'failures > 0')).toBe(0);
});

function requireBusy(error: Error): null {
  expect(error.message).toContain('OVERLOADED');
  return null;
}
