import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOGIN_REQUESTS, VERIFY_CODE } from '../support/operations.js';
import { CHANGE_PASSWORD, deviceOf, RENAME_DEVICE } from '../support/owner.js';
import { Servers } from '../support/servers.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Whether a server has called anything its own fault. */
function hasFailed(): boolean {
  return servers.log.some((line) => line.includes('a request failed'));
}

const activity = 'query ($first: Int) { viewer { loginActivity(first: $first) { edges { cursor } } } }';
const days = 'query ($days: Int) { viewer { loginActivityByDay(days: $days) { day } } }';

describe('null, where an argument has a default but may not be null,', () => {
  test.each([
    ['trustDevice', VERIFY_CODE, { token: 'chl_', code: '123456', trustDevice: null }],
    ['signOutOtherDevices', CHANGE_PASSWORD, { currentPassword: 'a', newPassword: 'b', signOutOtherDevices: null }],
    ['first', activity, { first: null }],
    ['days', days, { days: null }],
  ])('is the fault of the client: %s', async (field, document, variables) => {
    const phone = await servers.signedUp();
    const { errors } = await phone.graphql(document, variables);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
    expect(hasFailed()).toBe(false);
  });
});

test('a subscription over HTTP is refused as what it is, and is no fault of the server', async () => {
  const phone = await servers.trusted();
  const { status, errors } = await phone.graphql(LOGIN_REQUESTS);
  expect(errors).toMatchObject([
    { message: 'Subscriptions are served over WebSocket.', extensions: { code: 'BAD_REQUEST' } },
  ]);
  expect(status).toBe(400);
  expect(hasFailed()).toBe(false);
});

test.each([
  ['joiners', '\u200d\u200c'],
  ['Hangul fillers', '\u3164\u115f'],
  ['an empty Braille cell', '\u2800'],
  ['variation selectors', '\ufe0f\ufe0f'],
])('a name in which nothing can be seen is no name: %s', async (_what, name) => {
  const phone = await servers.signedUp();
  const { id } = await deviceOf(phone);
  const { errors } = await phone.graphql(RENAME_DEVICE, { id, name });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'name' } }]);
});

test.each(['👩‍💻', '❤️ phone', 'می‌خواهم', '한국 폰'])('a name may be %s', async (name) => {
  const phone = await servers.signedUp();
  const { id } = await deviceOf(phone);
  expect(await phone.ask(RENAME_DEVICE, { id, name })).toMatchObject({ name });
});
