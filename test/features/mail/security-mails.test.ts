import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { InboxMail } from '../../../src/embedded/inbox.js';
import type { Handset } from '../../support/handset.js';
import { codeIn } from '../../support/mailbox.js';
import { asA } from '../../support/outcomes.js';
import {
  changePassword,
  codeShownOn,
  deviceOf,
  disableTwoStep,
  letIn,
  removeDevice,
  resetByMail,
  wrongCode,
} from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ limits: { OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Presents a token that was retired more than a minute ago. */
async function presentCopy(phone: Handset): Promise<void> {
  const copy = phone.twin();
  asA('SignedIn', await phone.signIn());
  asA('SignedIn', await phone.signIn());
  await servers.database.query(
    `update device_token t set retired_at = retired_at - interval '61 seconds' from device d join account a on a.id = d.account_id
     where d.id = t.device_id and a.email = $1`,
    [phone.owner.email],
  );
  asA('Challenge', await copy.signIn());
}

/** Types wrong codes until the challenge takes no more. */
async function lockChallenge(phone: Handset, name = 'Laptop'): Promise<void> {
  const guesser = phone.another(name);
  const challenge = await guesser.challenged();
  const wrong = wrongCode(await codeShownOn(phone, challenge));
  for (let nth = 0; nth < 5; nth += 1) await guesser.verify(challenge, wrong);
}

/** What the owner is told of, what makes it happen, and what the mail says of it. */
const notices: [string, string, (phone: Handset) => Promise<unknown>, string[]][] = [
  [
    'NEW_DEVICE',
    'New device signed in to your account',
    (phone) => letIn(phone, phone.another('Laptop')),
    ['“Laptop”', 'Remove the device from your list of devices', 'change your password'],
  ],
  [
    'DEVICE_REMOVED',
    'A device was removed from your account',
    async (phone) => removeDevice(phone, (await letIn(phone, phone.another('Laptop'))).device.id),
    ['“Laptop”', 'remove any that you don’t recognize', 'change your password'],
  ],
  [
    'PASSWORD_CHANGED',
    'Your password was changed',
    (phone) => changePassword(phone, NEW_PASSWORD),
    ['“Phone”', 'Reset it on the sign-in page now.'],
  ],
  [
    'PASSWORD_RESET',
    'Your password was reset',
    (phone) => resetByMail(phone, NEW_PASSWORD),
    ['change the password of your mailbox', 'reset the password of this account'],
  ],
  [
    'TWO_STEP_ENABLED',
    'Two-step verification is on',
    async () => {},
    ['“Phone”', 'change the password of your mailbox'],
  ],
  [
    'TWO_STEP_DISABLED',
    'Two-step verification is off',
    (phone) => disableTwoStep(phone),
    ['“Phone”', 'turn two-step verification back on'],
  ],
  [
    'LOGIN_DENIED',
    'We blocked a sign-in to your account',
    async (phone) => phone.deny(await phone.another('Laptop').challenged()),
    ['“Laptop”', 'Change your password now.', 'password manager'],
  ],
  [
    'COPIED_TOKEN',
    'Suspicious sign-in from one of your devices',
    presentCopy,
    ['“Phone”', 'Check the device for malware', 'Change your password now.'],
  ],
  [
    'WRONG_CODES',
    'Too many wrong codes for your account',
    lockChallenge,
    ['“Laptop”', 'Someone else knows your password.'],
  ],
];

describe.each(notices)('the notice %s', (notice, subject, happen, words) => {
  test('is mailed once, says what to do, and holds no link', async () => {
    const phone = await servers.trusted();
    await happen(phone);
    const mail = await servers.mailbox.next(phone.owner.email, (candidate) => candidate.subject === subject);
    const text = mail.text?.replace(/\s+/g, ' ') ?? '';
    for (const word of [...words, '127.0.0.1', 'Private network']) expect(text).toContain(word);
    expectHarmless(mail);
    const rows = await servers.database.query(
      'select method, state from delivery where notice = $1 and to_address = $2',
      [notice, phone.owner.email],
    );
    expect(rows).toHaveLength(1);
    expect(rows).toMatchObject([{ method: 'EMAIL' }]);
  });
});

/** Nothing in it acts, and nothing in it lets anybody in. */
function expectHarmless(mail: InboxMail): void {
  expect(`${mail.text}\n${mail.html}`).not.toMatch(/\w+:\/\/|www\.|href=|<form|<script|<img/i);
  expect(codeIn(mail)).toBeNull();
  expect(`${mail.text}\n${mail.html}`).not.toMatch(/(ses|dev|chl)_[\w-]{20}/);
}

describe('security mails', () => {
  test('about the same thing within a minute are one', async () => {
    const phone = await servers.trusted();
    for (let nth = 0; nth < 3; nth += 1) await phone.deny(await phone.another('Laptop').challenged());
    expect(await noticesOf(phone, 'LOGIN_DENIED')).toBe(1);
  });

  test('about different devices are one each', async () => {
    const phone = await servers.trusted();
    await letIn(phone, phone.another('Laptop'));
    await letIn(phone, phone.another('Tablet'));
    expect(await noticesOf(phone, 'NEW_DEVICE')).toBe(2);
  });

  test('about repeated wrong codes are one, not many, whatever the devices call themselves', async () => {
    const phone = await servers.trusted();
    await lockChallenge(phone, 'Laptop');
    await lockChallenge(phone, 'Another laptop');
    expect(await noticesOf(phone, 'WRONG_CODES')).toBe(1);
    const lockAfter = async (interval: string) => {
      await servers.database.age('delivery', interval, 'to_address = $1', [phone.owner.email]);
      await servers.database.query('update account set code_failures = 0, paused_until = null where email = $1', [
        phone.owner.email,
      ]);
      await lockChallenge(phone, 'Laptop');
    };
    await lockAfter('58 minutes');
    expect(await noticesOf(phone, 'WRONG_CODES')).toBe(1);
    await lockAfter('2 minutes');
    expect(await noticesOf(phone, 'WRONG_CODES')).toBe(2);
  });

  test('are not sent for a known device that signs in, nor for the first one at sign-up', async () => {
    const phone = await servers.signedUp();
    for (let nth = 0; nth < 3; nth += 1) asA('SignedIn', await phone.signIn());
    expect(
      await servers.database.count('delivery', 'notice is not null and to_address = $1', [phone.owner.email]),
    ).toBe(0);
  });

  test('tell of a new device also where there is no second step', async () => {
    const phone = await servers.signedUp();
    asA('SignedIn', await phone.another('Laptop').signIn());
    const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) => subject.startsWith('New device'));
    expect(mail.text).toContain('“Laptop”');
  });

  test("call a known device by its owner's name", async () => {
    const phone = await servers.trusted();
    const { id } = await deviceOf(phone);
    await phone.ask('mutation ($id: ID!) { result: renameDevice(id: $id, name: "Old phone") { id } }', { id });
    await presentCopy(phone);
    const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) =>
      subject.startsWith('Suspicious sign-in'),
    );
    expect(mail.text).toContain('“Old phone”');
  });

  test('quote what a stranger calls a device, so that no part of it acts', async () => {
    const phone = await servers.trusted();
    await letIn(phone, phone.another('See https://evil.example/login or mail a@evil.example'));
    const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) => subject.startsWith('New device'));
    expectHarmless(mail);
    expect(mail.text).not.toContain('evil.example');
  });

  test('go through the outbox: they wait there while no worker runs', async () => {
    await using idle = await Servers.start({ worker: false });
    const worker = await idle.add({ api: false, worker: true });
    const phone = await idle.trusted();
    await worker.close();
    await removeDevice(phone, (await letIn(phone, phone.another('Laptop'))).device.id);
    const queued = () => idle.database.count('delivery', "notice = 'DEVICE_REMOVED' and state = 'QUEUED'");
    expect(await queued()).toBe(1);
    await idle.add({ api: false, worker: true });
    await idle.mailbox.next(phone.owner.email, ({ subject }) => subject.startsWith('A device was removed'));
    await until(async () => (await queued()) === 0, 'the end of the delivery');
  });
});

function noticesOf(phone: Handset, notice: string): Promise<number> {
  return servers.database.count('delivery', 'notice = $1 and to_address = $2', [notice, phone.owner.email]);
}
