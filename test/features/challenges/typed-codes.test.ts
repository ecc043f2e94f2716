import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import * as operations from '../../support/operations.js';
import { asA, type Challenge } from '../../support/outcomes.js';
import { codeShownOn, requestReset, resetPassword } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

const NEW_PASSWORD = 'six copper kettles on a long shelf';

const inSystem = (system: string, code: string) =>
  [...code].map((digit) => new Intl.NumberFormat(`en-u-nu-${system}`).format(Number(digit))).join('');

/** What cannot be a code of so many digits. */
const noCodes = (length: number) => [
  '',
  '  ',
  'abcdef',
  '1'.repeat(length - 1),
  '1'.repeat(length + 1),
  `${'1'.repeat(length)}a`,
];

describe('a code that is typed', () => {
  test.each(['fullwide', 'arab', 'arabext', 'beng'])('in the digits of %s is the code', async (system) => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const code = inSystem(system, await codeShownOn(phone, challenge));
    asA('SignedIn', await laptop.verify(challenge, `\u200f${code.slice(0, 3)} – ${code.slice(3)}`));
  });

  test('as something that cannot be one is refused by name, and costs no try', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const code = await codeShownOn(phone, challenge);
    for (const typed of noCodes(6)) {
      const variables = { token: challenge.token, code: typed };
      const { extensions } = await laptop.client.error(operations.VERIFY_CODE, variables);
      expect(extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'code' });
    }
    expect(await laptop.ask<Challenge>(operations.CHALLENGE, { token: challenge.token })).toMatchObject({
      attemptsRemaining: 5,
    });
    expect(await failuresOf(phone)).toBe(0);
    asA('SignedIn', await laptop.verify(challenge, code));
  });

  test('costs nothing either where two-step verification is turned on, or a password reset', async () => {
    const phone = await servers.signedUp();
    const setUp = asA('Challenge', await phone.ask(operations.START_TWO_STEP_SETUP));
    for (const typed of noCodes(8)) {
      const variables = { token: setUp.token, code: typed };
      const sender = { token: phone.sessionToken };
      const { extensions } = await phone.client.error(operations.ENABLE_TWO_STEP, variables, sender);
      expect(extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'code' });
    }
    const right = inSystem('fullwide', await servers.mailbox.code(phone.owner.email));
    asA('TwoStepEnabled', await phone.ask(operations.ENABLE_TWO_STEP, { token: setUp.token, code: right }));

    const reset = await requestReset(phone);
    for (const typed of noCodes(8)) {
      await expect(resetPassword(phone, reset, typed, NEW_PASSWORD)).rejects.toThrow(/code: must be 8 digits/);
    }
    const { tries, judgements } = await servers.database.row<{ tries: number; judgements: number }>(
      'select tries, judgements from challenge where id = $1',
      [reset.id],
    );
    expect([tries, judgements]).toEqual([0, 0]);
    const code = inSystem('deva', await servers.mailbox.code(phone.owner.email));
    expect(await resetPassword(phone, reset, code, NEW_PASSWORD)).toMatchObject({ __typename: 'PasswordReset' });
  });

  test('for a challenge that is over is told that, whatever it is', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    await servers.database.age('challenge', '11 minutes', 'id = $1', [challenge.id]);
    for (const typed of ['', '1']) {
      expect(asA('ChallengeClosed', await laptop.verify(challenge, typed)).state).toBe('EXPIRED');
    }
  });
});

async function failuresOf({ owner }: Handset): Promise<number> {
  const { failures } = await servers.database.row<{ failures: number }>(
    'select code_failures as failures from account where email = $1',
    [owner.email],
  );
  return failures;
}
