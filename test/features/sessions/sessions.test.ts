import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allActivityOf } from '../../support/activity.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { deviceOf, END_SESSION, endSession, letIn, SESSIONS, sessionOf, sessionsSeenBy } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

const DAY_MS = 86_400_000;

/** For how many days it may stay unused. */
function unusedDays({ expiresAt, lastUsedAt }: Awaited<ReturnType<typeof sessionOf>>): number {
  return (Date.parse(expiresAt) - Date.parse(lastUsedAt ?? '')) / DAY_MS;
}

describe.each(backEnds)('over two servers on $name,', ({ redis }) => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset }> {
    const phone = await servers.trusted(0);
    const laptop = phone.another('Laptop', servers.client(1));
    await letIn(phone, laptop);
    return { phone, laptop };
  }

  test('an account lists its live sessions, the latest used first, each with its device', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const own = await sessionOf(phone);
    const [laptops] = (await sessionsSeenBy(phone)).filter(({ device }) => device.name === 'Laptop');
    await servers.database.query("update session set last_used_at = last_used_at - interval '1 hour' where id = $1", [
      own.id,
    ]);
    await laptop.viewer();
    expect((await sessionsSeenBy(laptop)).map(({ id }) => id)).toEqual([laptops?.id, own.id]);
    const seen = await laptop.ask<{ currentSession: { id: string } }>(SESSIONS);
    expect(seen.currentSession.id).toBe(laptops?.id);
    expect(own.device).toEqual({ id: (await deviceOf(phone)).id, name: own.device.name, isCurrent: true });
    const { SESSION_IDLE_DAYS, TRUSTED_SESSION_IDLE_DAYS } = servers.config().limits;
    expect(unusedDays(own)).toBeCloseTo(TRUSTED_SESSION_IDLE_DAYS, 3);
    expect(unusedDays(await sessionOf(await servers.signedUp()))).toBeCloseTo(SESSION_IDLE_DAYS, 3);

    await laptop.signOut();
    await servers.database.query(
      "update session set last_used_at = clock_timestamp() - interval '91 days' where id = $1",
      [own.id],
    );
    await phone.signIn();
    expect((await sessionsSeenBy(phone)).map(({ isCurrent }) => isCurrent)).toEqual([true]);
  });

  test('an answer that signs in tells of its session, before that was used', async () => {
    const phone = await servers.signedUp();
    const { data } = await phone.graphql<{ signIn: { session: object; account: object } }>(
      `mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn {
         session { id isCurrent lastUsedAt provenAt device { isCurrent } }
         account { currentSession { id isCurrent } sessions { isCurrent } } } } }`,
      { input: { ...phone.owner, device: { name: 'Laptop', platform: 'LINUX' } } },
      { token: null },
    );
    const own = { id: expect.any(String), isCurrent: true };
    expect(data?.signIn.session).toEqual({ ...own, lastUsedAt: null, provenAt: null, device: { isCurrent: true } });
    const sessions = [{ isCurrent: true }, { isCurrent: false }];
    expect(data?.signIn.account).toEqual({ currentSession: own, sessions: expect.arrayContaining(sessions) });
  });

  test('a session is proven by a code that is typed for it, and by nothing else', async () => {
    const phone = await servers.signedUp();
    const signedUp = await sessionOf(phone);
    expect(signedUp.provenAt).not.toBeNull();
    asA('SignedIn', await phone.signIn());
    expect((await sessionOf(phone)).provenAt).toBeNull();

    await phone.turnOnTwoStep();
    const { provenAt, createdAt } = await sessionOf(phone);
    expect(Date.parse(provenAt ?? '')).toBeGreaterThan(Date.parse(createdAt));

    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    const opened = await sessionOf(laptop);
    expect(opened.provenAt).not.toBeNull();
    // On a trusted device the password is enough.
    asA('SignedIn', await laptop.signIn());
    expect((await sessionOf(laptop)).provenAt).toBeNull();
  });

  test('one of them is ended from another server: its sockets close with 4401, and the activity tells of it', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const { id } = await sessionOf(laptop);
    await using requests = laptop.loginRequests();
    await until(async () => (await deviceOf(laptop)).isOnline, 'the laptop online');
    expect(await endSession(phone, id)).toBe(1);
    expect(await laptop.viewer()).toBeNull();
    expect(await requests.closed()).toMatchObject({ code: 4401 });
    const [newest] = await allActivityOf(phone);
    expect(newest).toMatchObject({ type: 'SIGNED_OUT', deviceName: 'Laptop' });
    // The device stays trusted: it signs in with the password alone.
    asA('SignedIn', await laptop.signIn());
  });

  test('one that is over answers 0, and writes nothing', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const { id } = await sessionOf(laptop);
    await laptop.signOut();
    const { length } = await allActivityOf(phone);
    expect(await endSession(phone, id)).toBe(0);
    expect(await allActivityOf(phone)).toHaveLength(length);
  });

  test("another account's session is not found, nor is one that never was; both go on", async () => {
    const [phone, other] = [await servers.trusted(), await servers.trusted()];
    const { id } = await sessionOf(other);
    for (const nobodys of [id, randomUUID(), 'ses_nothing', '']) {
      const { errors } = await phone.graphql(END_SESSION, { id: nobodys });
      expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['NOT_FOUND']);
    }
    expect(await other.viewer()).not.toBeNull();
    const { errors } = await phone.graphql(END_SESSION, { id }, { token: null });
    expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['UNAUTHENTICATED']);
  });

  test('a session may end itself', async () => {
    const phone = await servers.trusted();
    expect(await endSession(phone, (await sessionOf(phone)).id)).toBe(1);
    expect(await phone.viewer()).toBeNull();
  });
});
