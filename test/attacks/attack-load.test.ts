import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { type Limits, limitTable } from '../../src/config/limits.js';
import { PasswordStrength } from '../../src/passwords/password-strength.js';
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

// Each of these took the estimate half a second and more, and nobody else was served meanwhile.
test.each([
  ['that could be other letters', '4@8({[</369!1|0$5+7%2'.repeat(4)],
  ['in a row', 'abcdefghijklmnopqrstuvwxyz0123456789zyxwvutsrqponmlkjihgfedcba9'],
  ['that could be dates', '1/1/2001-2/2/2002-3/3/2003-4/4/2004-5/5/2005-6/6/2006-7/7/2007-8'],
])('a password of characters %s does not hold up the server', (_which, hostile) => {
  const defaults = Object.entries(limitTable).map(([name, { default: preset }]) => [name, preset]);
  const strength = new PasswordStrength(Object.fromEntries(defaults) as Limits, 'Doorstep');
  const workMs = () => {
    const start = process.cpuUsage();
    strength.judge(hostile, 'someone@example.com');
    return process.cpuUsage(start).user / 1000;
  };
  expect(Math.min(...Array.from({ length: 5 }, workMs))).toBeLessThan(200);
});
