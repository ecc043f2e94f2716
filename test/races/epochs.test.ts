import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../support/backend.js';
import type { Handset } from '../support/handset.js';
import { DENY } from '../support/operations.js';
import { asA, promptId } from '../support/outcomes.js';
import {
  CHANGE_PASSWORD,
  changePassword,
  codeShownOn,
  deviceOf,
  disableTwoStep,
  letIn,
  member,
  removeDevice,
  resetByMail,
} from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { actionCodeShownOn, asConfirm, askedToConfirm, confirmAction, type Person } from '../support/verifications.js';
import { until } from '../support/waiting.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';
const lockedAccount = 'select 1 from account where email = $1 for update';

let servers: Servers;
let shop: Backend;

beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits: { DEVICES: 4, TRUSTED_DEVICES: 2 } });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Whoever opened an account here, as a product's backend names them. */
async function ownPerson(phone: Handset): Promise<Person> {
  const { accountId } = await sessionOf(servers, phone);
  return { backend: shop, accountId, externalId: null, email: phone.owner.email };
}

async function epochOf({ owner }: Handset): Promise<number> {
  const found = servers.database.row<{ epoch: number }>('select epoch from account where email = $1', [owner.email]);
  return (await found).epoch;
}

function raiseEpoch({ owner }: Handset, { database } = servers): Promise<unknown> {
  return database.row('update account set epoch = epoch + 1 where email = $1 returning id', [owner.email]);
}

/** Presents a token of the phone that was retired more than a minute ago. */
async function copyToken(phone: Handset): Promise<void> {
  const copy = phone.twin();
  for (let nth = 0; nth < 2; nth += 1) asA('SignedIn', await phone.signIn());
  await servers.database.query(
    `update device_token set retired_at = retired_at - interval '61 seconds' where device_id = $1`,
    [(await deviceOf(phone)).id],
  );
  asA('Challenge', await copy.signIn());
}

const endings: [string, (phone: Handset, laptop: Handset) => Promise<unknown>][] = [
  ['a change of the password', async (phone) => member('PasswordChanged', await changePassword(phone, NEW_PASSWORD))],
  ['a reset of the password', (phone) => resetByMail(phone, NEW_PASSWORD)],
  ['turning it off', async (phone) => member('TwoStepDisabled', await disableTwoStep(phone))],
  ['the removal of a device', async (phone, laptop) => removeDevice(phone, (await deviceOf(laptop)).id)],
  ['a copied token', copyToken],
  ['one trusted device too many', (phone) => letIn(phone, phone.another('Third'), true)],
  [
    'one device too many',
    async (phone) => {
      for (const name of ['Third', 'Fourth', 'Fifth']) await letIn(phone, phone.another(name), false);
    },
  ],
];

test.each(endings)('%s raises the epoch and ends the sign-ins and the actions that wait', async (_what, end) => {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop', servers.client(1));
  await letIn(phone, laptop);
  const tablet = phone.another('Tablet', servers.client(1));
  const challenge = await tablet.challenged();
  const code = await codeShownOn(phone, challenge);
  const { challenge: asked } = await askedToConfirm(servers, await ownPerson(phone), laptop);
  const actionCode = await actionCodeShownOn(phone, asked);
  const before = await epochOf(phone);
  await end(phone, laptop);
  expect(await epochOf(phone)).toBe(before + 1);
  expect(asA('ChallengeClosed', await tablet.verify(challenge, code)).state).toBe('CANCELLED');
  expect(asConfirm('ChallengeClosed', await confirmAction(tablet, asked, actionCode)).state).toBe('CANCELLED');
});

test('turning two-step verification on raises the epoch and ends the set-ups that wait', async () => {
  const phone = await servers.signedUp();
  const laptop = phone.another('Laptop', servers.client(1));
  asA('SignedIn', await laptop.signIn());
  const begun = asA('Challenge', await laptop.startTwoStepSetup());
  await servers.mailbox.code(phone.owner.email);
  const before = await epochOf(phone);
  await phone.turnOnTwoStep();
  expect(await epochOf(phone)).toBe(before + 1);
  expect((await phone.challenge(begun)).state).toBe('CANCELLED');
});

test('a code of an earlier epoch opens nothing, although its challenge is still pending', async () => {
  const phone = await servers.trusted();
  const tablet = phone.another('Tablet');
  const challenge = await tablet.challenged();
  const code = await codeShownOn(phone, challenge);
  await raiseEpoch(phone);
  expect(asA('ChallengeClosed', await tablet.verify(challenge, code)).state).toBe('CANCELLED');
  expect((await tablet.challenge(challenge)).state).toBe('PENDING');
  expect(await servers.database.count('session', 'challenge_id = $1', [challenge.id])).toBe(0);
});

test('a code of an earlier epoch is not mailed', async () => {
  await using idle = await Servers.start({ worker: false });
  const worker = await idle.add({ api: false, worker: true });
  const phone = await idle.trusted();
  await worker.close();
  const tablet = phone.another('Tablet');
  const challenge = await tablet.challenged();
  asA('Challenge', await tablet.sendCode(challenge, 'EMAIL'));
  const before = idle.mailbox.to(phone.owner.email).length;
  await raiseEpoch(phone, idle);
  await idle.add({ api: false, worker: true });
  const givenUp = "challenge_id = $1 and method = 'EMAIL' and state = 'FAILED'";
  await until(() => idle.database.count('delivery', givenUp, [challenge.id]), 'the worker, to give up');
  expect(idle.mailbox.to(phone.owner.email)).toHaveLength(before);
});

describe('what waited for the account is judged when it gets there:', () => {
  test('a sign-in whose password was compared before a change of it lets nobody in', async () => {
    const phone = await servers.signedUp();
    const laptop = phone.another('Laptop', servers.client(1));
    const [changed, entered] = await servers.database.holding(lockedAccount, [phone.owner.email], async (held) => {
      const changing = changePassword(phone, NEW_PASSWORD);
      await held.waiters(1);
      // The old password is right still, and waits behind the change of it.
      const entering = laptop.signIn();
      await held.waiters(2);
      await held.release();
      return Promise.all([changing, entering]);
    });
    member('PasswordChanged', changed);
    asA('InvalidCredentials', entered);
  });

  test('two changes of the password from the same one at once: one of them is made', async () => {
    const phone = await servers.signedUp();
    const laptop = phone.another('Laptop', servers.client(1));
    asA('SignedIn', await laptop.signIn());
    const change = (handset: Handset, newPassword: string) =>
      handset.graphql<{ result: { __typename: string } }>(CHANGE_PASSWORD, {
        currentPassword: phone.owner.password,
        newPassword,
        signOutOtherDevices: false,
      });
    const answers = await servers.database.holding(lockedAccount, [phone.owner.email], async (held) => {
      const changes = [change(phone, NEW_PASSWORD), change(laptop, 'copper-window-38-saddle')];
      await held.waiters(2);
      await held.release();
      return Promise.all(changes);
    });
    const ends = answers.map(({ data, errors }) => data?.result.__typename ?? errors[0]?.extensions.code);
    expect(ends.sort()).toEqual(['OVERLOADED', 'PasswordChanged']);
  });

  test('a session that was signed out while its request waited for the account changes nothing', async () => {
    const phone = await servers.signedUp();
    const hashOf = () =>
      servers.database.row('select password_hash as hash from account where email = $1', [phone.owner.email]);
    const before = await hashOf();
    const answer = await servers.database.holding(lockedAccount, [phone.owner.email], async (held) => {
      const changing = phone.graphql(CHANGE_PASSWORD, {
        currentPassword: phone.owner.password,
        newPassword: NEW_PASSWORD,
        signOutOtherDevices: true,
      });
      await held.waiters(1);
      await servers.database.query(
        `update session set ended_at = clock_timestamp()
         where account_id = (select id from account where email = $1)`,
        [phone.owner.email],
      );
      await held.release();
      return changing;
    });
    expect(answer.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await hashOf()).toEqual(before);
  });

  test('a device that was removed while its denial waited for the account denies nothing', async () => {
    const phone = await servers.trusted();
    const { id } = await deviceOf(phone);
    const challenge = await phone.another('Laptop').challenged();
    const answer = await servers.database.holding(lockedAccount, [phone.owner.email], async (held) => {
      const denying = phone.graphql(DENY, { id: challenge.id });
      await held.waiters(1);
      await servers.database.query(
        'update device set removed_at = clock_timestamp(), trusted_at = null where id = $1',
        [id],
      );
      await held.release();
      return denying;
    });
    expect(answer.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await phone.challenge(challenge)).state).toBe('PENDING');
  });

  test('an acknowledgement whose challenge was denied while it waited for the account is answered with that', async () => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    const answer = await servers.database.holding(lockedAccount, [phone.owner.email], async (held) => {
      const acknowledging = phone.acknowledge({ id: promptId(challenge) });
      await held.waiters(1);
      await servers.database.query("update challenge set state = 'DENIED' where id = $1", [challenge.id]);
      await held.release();
      return acknowledging;
    });
    expect(answer).toMatchObject({ state: 'DENIED', code: null });
    expect(await servers.database.count('display', 'challenge_id = $1 and seen_at is not null', [challenge.id])).toBe(
      0,
    );
  });
});
