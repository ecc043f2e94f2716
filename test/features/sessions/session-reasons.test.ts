import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { SessionReason } from '../../../src/sessions/session.entity.js';
import { isRefusedSession, Sessions } from '../../../src/sessions/sessions.js';
import { type Connections, Database } from '../../../src/sql/database.js';
import { Transactions } from '../../../src/sql/transactions.js';
import { openPool } from '../../../src/wiring/database.js';
import { pagesCode } from '../../support/hand-overs.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn, deviceOf } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;
let pool: Connections;

beforeAll(async () => {
  servers = await Servers.start();
  pool = openPool(servers.database.url, pino({ level: 'silent' }));
});
afterAll(async () => {
  await pool.end();
  await servers[Symbol.asyncDispose]();
});

/** Opens a session for the reason, as a caller that is wrong about it would. @returns whether there is one now */
async function opens(
  { owner }: Handset,
  deviceId: string,
  reason: SessionReason,
  {
    challengeId = null as string | null,
    earlier = 0,
    handOver = undefined as { id: string; sessionId: string } | undefined,
  } = {},
): Promise<boolean> {
  const { id, epoch } = await servers.database.row<{ id: string; epoch: number }>(
    'select id, epoch from account where email = $1',
    [owner.email],
  );
  const opening = {
    accountId: id,
    epoch: epoch - earlier,
    deviceId,
    reason,
    challengeId,
    madeDevice: false,
    ...(handOver ? { handOver } : {}),
  };
  const nobody = { publish: () => undefined, enqueue: () => undefined, push: () => undefined };
  const sessions = new Sessions(servers.config().limits);
  try {
    await new Transactions(new Database(pool), nobody).run((tx) => sessions.start(tx, opening));
    return true;
  } catch (error) {
    if (isRefusedSession(error)) return false;
    throw error;
  }
}

// There is one place where sessions come into being, and it looks the reason up.
describe('of the reasons to open a session', () => {
  test('no second step opens nothing where there is one', async () => {
    const [without, asked] = [await servers.signedUp(), await servers.trusted()];
    expect(await opens(without, (await deviceOf(without)).id, 'NO_SECOND_STEP')).toBe(true);
    expect(await opens(asked, (await deviceOf(asked)).id, 'NO_SECOND_STEP')).toBe(false);
  });

  test('a trusted device opens nothing once it is trusted no more', async () => {
    const phone = await servers.trusted();
    const { id } = await deviceOf(phone);
    expect(await opens(phone, id, 'TRUSTED_DEVICE')).toBe(true);
    await servers.database.query('update device set trusted_at = null where id = $1', [id]);
    expect(await opens(phone, id, 'TRUSTED_DEVICE')).toBe(false);
  });

  /** A phone, and a challenge of its account in that state; the session that it may have opened is out of the way. */
  async function challenged(isVerified: boolean): Promise<{ phone: Handset; deviceId: string; challengeId: string }> {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    if (isVerified) asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
    await servers.database.query('update session set challenge_id = null where challenge_id = $1', [challenge.id]);
    return { phone, deviceId: (await deviceOf(phone)).id, challengeId: challenge.id };
  }

  describe('a hand-over', () => {
    /** A phone, and a code into the pages that it was given. */
    async function givenCode() {
      const phone = await servers.signedUp();
      await pagesCode(phone);
      const handOver = await servers.database.row<{ id: string; sessionId: string }>(
        `select h.id, h.session_id as "sessionId" from hand_over h join session s on s.id = h.session_id
         join account a on a.id = s.account_id where a.email = $1`,
        [phone.owner.email],
      );
      const use = () =>
        servers.database.query('update hand_over set used_at = clock_timestamp() where id = $1', [handOver.id]);
      return { phone, deviceId: (await deviceOf(phone)).id, handOver, use };
    }

    test('opens a session by a code that is used, and by no other', async () => {
      const { phone, deviceId, handOver, use } = await givenCode();
      expect(await opens(phone, deviceId, 'HAND_OVER', { handOver })).toBe(false);
      await use();
      expect(await opens(phone, deviceId, 'HAND_OVER')).toBe(false);
      expect(await opens(phone, deviceId, 'HAND_OVER', { handOver })).toBe(true);
    });

    test('opens nothing for another account, on another device, nor once its session is over', async () => {
      const { phone, deviceId, handOver, use } = await givenCode();
      await use();
      const other = await servers.signedUp();
      expect(await opens(other, (await deviceOf(other)).id, 'HAND_OVER', { handOver })).toBe(false);
      const tablet = phone.another('Tablet');
      asA('SignedIn', await tablet.signIn());
      expect(await opens(phone, (await deviceOf(tablet)).id, 'HAND_OVER', { handOver })).toBe(false);
      await phone.signOut();
      expect(await opens(phone, deviceId, 'HAND_OVER', { handOver })).toBe(false);
    });

    test('opens nothing by the code of a way back', async () => {
      const { phone, deviceId, handOver, use } = await givenCode();
      await use();
      await servers.database.query("update hand_over set kind = 'RETURN' where id = $1", [handOver.id]);
      expect(await opens(phone, deviceId, 'HAND_OVER', { handOver })).toBe(false);
    });
  });

  test('a verified challenge opens a session', async () => {
    const { phone, deviceId, challengeId } = await challenged(true);
    expect(await opens(phone, deviceId, 'VERIFIED_CHALLENGE', { challengeId })).toBe(true);
  });

  test.each<[string, () => ReturnType<typeof challenged>]>([
    ['while it is pending', () => challenged(false)],
    [
      'of another account',
      async () => ({ ...(await challenged(true)), challengeId: (await challenged(true)).challengeId }),
    ],
    [
      'of another purpose',
      async () => {
        const found = await challenged(true);
        await servers.database.query("update challenge set purpose = 'ENABLE_TWO_STEP' where id = $1", [
          found.challengeId,
        ]);
        return found;
      },
    ],
  ])('a challenge opens nothing %s', async (_what, prepare) => {
    const { phone, deviceId, challengeId } = await prepare();
    expect(await opens(phone, deviceId, 'VERIFIED_CHALLENGE', { challengeId })).toBe(false);
  });

  test('nothing opens under another epoch than the one that was relied on', async () => {
    const phone = await servers.trusted();
    const { id } = await deviceOf(phone);
    expect(await opens(phone, id, 'TRUSTED_DEVICE', { earlier: 1 })).toBe(false);
  });

  test('nothing opens on a device that was removed', async () => {
    const phone = await servers.signedUp();
    const { id } = await deviceOf(phone);
    await servers.database.query('update device set removed_at = clock_timestamp() where id = $1', [id]);
    expect(await opens(phone, id, 'NO_SECOND_STEP')).toBe(false);
  });
});

test('a session of a removed device is none, whatever its own row says', async () => {
  const phone = await servers.signedUp();
  const { id } = await deviceOf(phone);
  await servers.database.query('update device set removed_at = clock_timestamp() where id = $1', [id]);
  expect(await servers.database.count('session', 'device_id = $1 and ended_at is null', [id])).toBe(1);
  expect(await phone.viewer()).toBeNull();
});
