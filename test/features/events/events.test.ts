import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EventTypeName } from '../../../src/events/event.entity.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import {
  changePassword,
  codeShownOn,
  deviceOf,
  disableTwoStep,
  endSession,
  letIn,
  member,
  removeDevice,
  resetByMail,
  SIGN_OUT_OTHERS,
  sessionOf,
  wrongCode,
} from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

type Written = {
  readonly type: EventTypeName;
  readonly sessionId: string | null;
  readonly deviceId: string | null;
  readonly deviceIds: readonly string[] | null;
  readonly promptId: string | null;
  readonly secondsLeft: number | null;
};

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

/** What is written of the account, in the order in which it happened. */
function eventsOf({ owner }: Handset): Promise<Written[]> {
  return servers.database.query<Written>(
    `select e.type, e.session_id as "sessionId", e.device_id as "deviceId", e.device_ids as "deviceIds",
       e.prompt_id as "promptId", round(extract(epoch from e.expires_at - e.occurred_at))::int as "secondsLeft"
     from event e join account a on a.id = e.account_id where a.email = $1 order by e.serial`,
    [owner.email],
  );
}

/** What is written of the account while something goes on. */
async function during(handset: Handset, work: () => Promise<unknown>): Promise<Written[]> {
  const { length } = await eventsOf(handset);
  await work();
  return (await eventsOf(handset)).slice(length);
}

const named = (events: readonly Written[]) => events.map(({ type }) => type).sort();
const event = (type: EventTypeName, told: Partial<Written> = {}): Written => ({
  type,
  sessionId: null,
  deviceId: null,
  deviceIds: null,
  promptId: null,
  secondsLeft: null,
  ...told,
});

async function phoneAndLaptop() {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  await letIn(phone, laptop);
  const [phoneId, laptopId] = [(await deviceOf(phone)).id, (await deviceOf(laptop)).id];
  return { phone, laptop, phoneId, laptopId };
}

describe('the transaction', () => {
  test('of a sign-up and of a sign-in writes that a session has started, and when it lapses unused', async () => {
    const phone = await servers.signedUp();
    const { id: sessionId, device } = await sessionOf(phone);
    const { UNUSED_SESSION_SECONDS, SESSION_IDLE_DAYS } = servers.config().limits;
    expect(await eventsOf(phone)).toEqual([
      event('SESSION_STARTED', { sessionId, deviceId: device.id, secondsLeft: UNUSED_SESSION_SECONDS }),
    ]);
    const written = await during(phone, () => phone.signIn());
    const own = { sessionId: (await sessionOf(phone)).id, deviceId: device.id };
    expect(written).toEqual([event('SESSION_STARTED', { ...own, secondsLeft: SESSION_IDLE_DAYS * 86_400 })]);
  });

  test('of each end of a session writes it, each session by itself', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const laptops = await sessionOf(laptop);
    const ended = event('SESSION_ENDED', { sessionId: laptops.id, deviceId: laptopId });
    expect(await during(phone, () => endSession(phone, laptops.id))).toEqual([ended]);
    expect(await during(phone, () => endSession(phone, laptops.id))).toEqual([]);

    await laptop.signIn();
    const again = await sessionOf(laptop);
    const second = event('SESSION_ENDED', { sessionId: again.id, deviceId: laptopId });
    expect(await during(phone, () => laptop.signOut())).toEqual([second]);

    await laptop.signIn();
    await laptop.twin().signIn();
    expect(named(await during(phone, () => phone.ask(SIGN_OUT_OTHERS)))).toEqual(['SESSION_ENDED', 'SESSION_ENDED']);
  });

  test('of two-step verification writes that it went on and off, and what became of trust and sessions', async () => {
    const phone = await servers.signedUp();
    const laptop = phone.another('Laptop');
    await laptop.signIn();
    const [{ id: sessionId }, { id: deviceId }] = [await sessionOf(phone), await deviceOf(phone)];
    const laptops = { sessionId: (await sessionOf(laptop)).id, deviceId: (await deviceOf(laptop)).id };
    const on = await during(phone, () => phone.turnOnTwoStep());
    expect(on).toHaveLength(3);
    expect(on).toEqual(
      expect.arrayContaining([
        event('SESSION_ENDED', laptops),
        event('DEVICE_TRUSTED', { deviceId }),
        event('TWO_STEP_ENABLED', { sessionId, deviceId }),
      ]),
    );
    const off = await during(phone, async () => member('TwoStepDisabled', await disableTwoStep(phone)));
    expect(off).toHaveLength(2);
    expect(off).toEqual(
      expect.arrayContaining([event('TRUST_ENDED', { deviceId }), event('TWO_STEP_DISABLED', { sessionId, deviceId })]),
    );
  });

  test('of a removal writes the device and its sessions', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const { id: sessionId } = await sessionOf(laptop);
    expect(await during(phone, () => removeDevice(phone, laptopId))).toEqual([
      event('SESSION_ENDED', { sessionId, deviceId: laptopId }),
      event('DEVICE_REMOVED', { deviceId: laptopId }),
    ]);
  });

  test('of a change of the password writes it, the sessions and the trust that ended by that', async () => {
    const { phone, laptopId } = await phoneAndLaptop();
    const [{ id: sessionId }, { id: deviceId }] = [await sessionOf(phone), await deviceOf(phone)];
    const written = await during(phone, () => changePassword(phone, NEW_PASSWORD));
    expect(named(written)).toEqual(['PASSWORD_CHANGED', 'SESSION_ENDED', 'TRUST_ENDED']);
    expect(written).toContainEqual(event('PASSWORD_CHANGED', { sessionId, deviceId }));
    expect(written).toContainEqual(event('TRUST_ENDED', { deviceId: laptopId }));

    const { phone: other } = await phoneAndLaptop();
    expect(named(await during(other, () => resetByMail(other, NEW_PASSWORD)))).toEqual([
      'PASSWORD_CHANGED',
      'SESSION_ENDED',
      'SESSION_ENDED',
      'TRUST_ENDED',
      'TRUST_ENDED',
    ]);
  });

  test('of a sign-in from elsewhere writes whom to wake, and of its end whom it was shown to', async () => {
    const { phone, phoneId, laptopId } = await phoneAndLaptop();
    const tablet = phone.another('Tablet');
    const deviceIds = expect.arrayContaining([phoneId, laptopId]) as unknown as string[];
    const { CHALLENGE_SECONDS } = servers.config().limits;
    let promptId = '';
    const begun = await during(phone, async () => {
      promptId = (await tablet.challenged()).id;
    });
    expect(begun).toEqual([event('LOGIN_REQUESTED', { promptId, deviceIds, secondsLeft: CHALLENGE_SECONDS })]);
    const denied = await during(phone, () => phone.deny({ id: promptId }));
    expect(denied).toEqual([event('CODE_OVER', { promptId, deviceIds }), event('LOGIN_DENIED', { promptId })]);

    const challenge = await tablet.challenged();
    const code = await codeShownOn(phone, challenge);
    const verified = await during(phone, async () => asA('SignedIn', await tablet.verify(challenge, code)));
    expect(named(verified)).toEqual(['CODE_OVER', 'DEVICE_TRUSTED', 'SESSION_STARTED']);

    const locked = await phone.another('Watch').challenged();
    const tries = await during(phone, async () => {
      for (let nth = 0; nth < servers.config().limits.CHALLENGE_TRIES; nth += 1) {
        await tablet.twin().verify(locked, wrongCode(await shownFor(phone, locked)));
      }
    });
    expect(tries.map(({ type, promptId: prompt }) => [type, prompt])).toEqual([['CODE_OVER', locked.id]]);
  });

  test('of a removal takes down the prompts of sign-ins that it ends, on the removed device too', async () => {
    const { phone, phoneId, laptopId } = await phoneAndLaptop();
    const { id: promptId } = await phone.another('Tablet').challenged();
    const written = await during(phone, () => removeDevice(phone, laptopId));
    const deviceIds = expect.arrayContaining([phoneId, laptopId]) as unknown as string[];
    expect(written).toContainEqual(event('CODE_OVER', { promptId, deviceIds }));
  });

  test('that fails leaves no event behind', async () => {
    const phone = await servers.trusted();
    const other = await servers.trusted();
    const written = await during(phone, () => phone.graphql('mutation { endSession(id: "x") { sessionsEnded } }'));
    expect(written).toEqual([]);
    expect(await during(other, async () => void (await other.signIn({ password: 'quartz-lantern-92-orbid' })))).toEqual(
      [],
    );
  });

  test('of a copied token writes that, the trust and the sessions', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const copy = laptop.twin();
    await laptop.signIn();
    await laptop.signIn();
    await servers.database.age('device_token', '2 minutes', 'device_id = $1 and retired_at is not null', [laptopId]);
    const written = await during(phone, async () => void asA('Challenge', await copy.signIn()));
    expect(new Set(named(written))).toEqual(
      new Set(['COPIED_TOKEN', 'LOGIN_REQUESTED', 'SESSION_ENDED', 'TRUST_ENDED']),
    );
    expect(written).toContainEqual(event('COPIED_TOKEN', { deviceId: laptopId }));
  });
});

/** Its code, or once it is over any. */
async function shownFor(phone: Handset, challenge: { id: string }): Promise<string> {
  return codeShownOn(phone, challenge).catch(() => '000000');
}
