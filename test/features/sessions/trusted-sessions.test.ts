import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn, disableTwoStep, letIn } from '../../support/owner.js';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

const DAY_SECONDS = 86_400;

/** Nobody has touched it for so many days: the device, its trust and its sessions are older by them. */
async function layInADrawer(handset: Handset, days: number): Promise<void> {
  const id = (await handset.viewer())?.currentDevice.id;
  const interval = `${days} days`;
  await servers.database.age('device', interval, 'id = $1', [id]);
  await servers.database.age('session', interval, 'device_id = $1', [id]);
}

/** A second trusted device, so that somebody is there while the first is not. */
async function withTablet(phone: Handset): Promise<Handset> {
  const tablet = phone.another('Tablet');
  await letIn(phone, tablet);
  return tablet;
}

test('a phone that lay in a drawer for a month shows codes, without a sign-in', async () => {
  const phone = await servers.trusted();
  await layInADrawer(phone, 31);
  await cleanUp(servers);
  const challenge = await phone.another('Laptop').challenged();
  expect(challenge.method).toBe('APP');
  expect(await codeShownOn(phone, challenge)).toMatch(/^\d{6}$/);
});

test('the session of a device that is not trusted ends as before', async () => {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge), false));
  await layInADrawer(laptop, 8);
  expect(await laptop.viewer()).toBeNull();
});

describe('the long session of a trusted device', () => {
  test('is told at the sign-in', async () => {
    const phone = await servers.signedUp();
    const plain = asA('SignedIn', await phone.signIn());
    const days = ({ sessionExpiresAt }: { sessionExpiresAt: string }) =>
      Math.round((Date.parse(sessionExpiresAt) - Date.now()) / 1000 / DAY_SECONDS);
    expect(days(plain)).toBe(7);
    await phone.turnOnTwoStep();
    expect(days(asA('SignedIn', await phone.signIn()))).toBe(90);
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const code = await codeShownOn(phone, challenge);
    expect(days(asA('SignedIn', await laptop.verify(challenge, code)))).toBe(90);
  });

  test('is over as soon as its trust ends, and with two-step verification', async () => {
    const phone = await servers.trusted();
    const tablet = await withTablet(phone);
    await layInADrawer(phone, 31);
    await disableTwoStep(tablet);
    expect(await phone.viewer()).toBeNull();
    const other = await servers.trusted();
    await layInADrawer(other, 31);
    await servers.database.query('update device set trusted_at = null where account_id = $1', [await accountOf(other)]);
    expect(await other.viewer()).toBeNull();
    const lapsed = await servers.trusted();
    await layInADrawer(lapsed, 31);
    await servers.database.age('device', '60 days', 'account_id = $1', [await accountOf(lapsed)]);
    await servers.database.query(
      "update device set trusted_at = created_at + interval '60 days' where account_id = $1",
      [await accountOf(lapsed)],
    );
    expect(await lapsed.viewer()).toBeNull();
  });

  test.each([
    { over: 'not used for as long as a session may be', opened: 10, used: 10 },
    { over: 'as old as a session may be', opened: 31, used: 1 },
  ])('does not come back to life with the next trust: it was $over', async ({ opened, used }) => {
    const phone = await servers.trusted();
    await servers.database.query(
      `update session set created_at = created_at - make_interval(days => $2),
         last_used_at = clock_timestamp() - make_interval(days => $3) where account_id = $1`,
      [await accountOf(phone), opened, used],
    );
    await servers.database.query(
      'update device set trusted_at = clock_timestamp(), last_seen_at = clock_timestamp() where account_id = $1',
      [await accountOf(phone)],
    );
    expect(await phone.viewer()).toBeNull();
  });

  test('is kept by the clean-up for as long as it may live', async () => {
    const phone = await servers.trusted();
    const id = await accountOf(phone);
    await servers.database.age('session', '300 days', 'account_id = $1', [id]);
    await servers.database.age('device', '300 days', 'account_id = $1', [id]);
    await servers.database.query('update session set last_used_at = clock_timestamp() where account_id = $1', [id]);
    await servers.database.query('update device set last_seen_at = clock_timestamp() where account_id = $1', [id]);
    await cleanUp(servers);
    expect(await phone.viewer()).not.toBeNull();
  });
});

async function accountOf(handset: Handset): Promise<string> {
  const { id } = await servers.database.row<{ id: string }>('select id from account where email = $1', [
    handset.owner.email,
  ]);
  return id;
}
