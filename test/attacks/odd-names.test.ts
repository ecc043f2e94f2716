import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import * as operations from '../support/operations.js';
import { asA, type Challenge, promptId } from '../support/outcomes.js';
import { codeShownOn, deviceOf, RENAME_DEVICE } from '../support/owner.js';
import { Servers } from '../support/servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

const ENGLAND = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';
const FAMILY = '👨‍👩‍👧‍👦';

/** Names as devices and people have them, and what is shown of each. */
const names: readonly (readonly [string, string])[] = [
  [`Ada ${ENGLAND}`, `Ada ${ENGLAND}`],
  ['Ada \u{e0067}\u{e0062}', 'Ada'],
  ['\u200fهاتف آدا', 'هاتف آدا'],
  ['\u2068Ada\u2069’s \u202ephone', 'Ada’s phone'],
  ['نام\u200cها', 'نام\u200cها'],
  ['Ada\u0000\u0007’s\r\n\tphone', 'Ada’s phone'],
  ['Ada \uf8ff', 'Ada'],
  ['Ada \ud83d', 'Ada'],
  ['\ufeffAda\u00ad', 'Ada'],
  ['  two   blanks  ', 'two blanks'],
  ['x'.repeat(10_000), 'x'.repeat(64)],
  [`${'x'.repeat(62)}${FAMILY}`, 'x'.repeat(62)],
  [`${'x'.repeat(57)}${FAMILY}`, `${'x'.repeat(57)}${FAMILY}`],
  [`${'x'.repeat(63)}${ENGLAND}`, 'x'.repeat(63)],
  [`a${'\u0301'.repeat(5_000)}`, `a${'\u0301'.repeat(63)}`],
];

const signIn = (handset: Handset, device: Record<string, unknown>) =>
  handset.ask(operations.SIGN_IN, { input: { ...handset.owner, device, deviceToken: null } });

describe.each(names)('a device called %j', (name, shown) => {
  test('signs up, signs in and is renamed all the same, and what cannot be seen is left out', async () => {
    const phone = servers.stranger();
    const signUp = await phone.ask<Challenge>(operations.SIGN_UP, {
      input: { ...phone.owner, device: { name, platform: 'IOS' } },
    });
    const code = await servers.mailbox.code(phone.owner.email);
    expect(asA('SignedIn', await phone.verify(signUp, code)).device.name).toBe(shown);
    await phone.turnOnTwoStep();

    const challenge = asA('Challenge', await signIn(phone, { name, platform: 'WEB' }));
    await using requests = phone.loginRequests();
    const request = await requests.nextThat(({ id }) => id === promptId(challenge));
    expect(request.deviceName).toBe(shown);

    const { id } = await deviceOf(phone);
    await phone.ask(RENAME_DEVICE, { id, name: 'Plain' });
    expect(await phone.ask(RENAME_DEVICE, { id, name })).toMatchObject({ name: shown });
  });
});

test('whatever else a client says of itself is cut and cleaned too, and nothing where nothing is left', async () => {
  const phone = await servers.trusted();
  const odd = `\u200f${'9'.repeat(500)}\n`;
  const laptop = phone.another('Laptop');
  const device = { name: 'Laptop', platform: 'OTHER', model: odd, osVersion: odd, appVersion: '\u200b\u202e' };
  const challenge = asA('Challenge', await signIn(laptop, device));
  asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
  const told = '{ result: viewer { currentDevice { model osVersion appVersion } } }';
  expect(await laptop.ask(told)).toEqual({
    currentDevice: { model: '9'.repeat(64), osVersion: '9'.repeat(32), appVersion: null },
  });
  await laptop.ask(operations.UPDATE_CURRENT_DEVICE, {
    input: { osVersion: ' \u2066 ', appVersion: `1.0\u0000${odd}` },
  });
  expect(await laptop.ask(told)).toEqual({
    currentDevice: { model: '9'.repeat(64), osVersion: null, appVersion: `1.0${'9'.repeat(29)}` },
  });
});
