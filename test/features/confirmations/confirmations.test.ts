import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activityOf } from '../../support/activity.js';
import { Backend, sessionOf } from '../../support/backend.js';
import {
  acknowledgeConfirmation,
  CONFIRMATIONS,
  confirmationsOn,
  confirmationsSeenBy,
  DENY_CONFIRMATION,
  denyConfirmation,
  PENDING_CONFIRMATIONS,
  transfer,
} from '../../support/confirmations.js';
import { type FeedEvent, happened, openFeed } from '../../support/feed.js';
import type { Handset } from '../../support/handset.js';
import { ACKNOWLEDGE, BEGIN_VERIFICATION, DENY } from '../../support/operations.js';
import { asA, promptId } from '../../support/outcomes.js';
import { codeShownOn, deviceOf, letIn } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import type { Subscription } from '../../support/subscription.js';
import { askedToConfirm, askFor, enrolled, signInElsewhere, start } from '../../support/verifications.js';

describe.each(backEnds)('what is to be confirmed, over two servers on $name,', ({ redis }) => {
  let servers: Servers;
  /** Of accounts that people opened themselves. */
  let shop: Backend;
  /** Of those that it holds. */
  let bank: Backend;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis });
    shop = await Backend.add(servers, { ownAccounts: true });
    bank = await Backend.add(servers, { name: `Bank & Söhne ${redis}` });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** A phone that its account trusts, and a tablet that it trusts too, at the other server. */
  async function phoneAndTablet(): Promise<{ phone: Handset; tablet: Handset }> {
    const phone = await servers.trusted();
    const tablet = phone.another('Tablet', servers.client(1));
    await letIn(phone, tablet);
    return { phone, tablet };
  }

  /** What the backend is told until that type of event, that one too. */
  async function toldUntil(feed: Subscription<FeedEvent>, type: string): Promise<FeedEvent[]> {
    const told: FeedEvent[] = [];
    do told.push(await happened(feed));
    while (told.at(-1)?.type !== type);
    return told;
  }

  test('appears on the phone the moment the tablet asks at the other server, word for word, with who asks', async () => {
    const { phone, tablet } = await phoneAndTablet();
    await using told = confirmationsOn(phone);
    await using first = phone.loginRequests();
    await first.next();
    const asked = await askFor(servers, shop, tablet, { action: transfer });
    const confirmation = await told.next();
    expect(confirmation).toMatchObject({
      id: asked.id,
      state: 'PENDING',
      purpose: 'CONFIRM',
      productName: shop.name,
      action: transfer,
      code: expect.stringMatching(/^\d{8}$/),
      deviceName: 'Tablet',
      ipAddress: '127.0.0.1',
    });
    expect(await confirmationsSeenBy(phone)).toEqual([
      expect.objectContaining({ id: asked.id, action: transfer, code: confirmation.code }),
    ]);
  });

  test('is never on the device that asks, trusted or not, in whichever of its sessions', async () => {
    const { phone, tablet } = await phoneAndTablet();
    await using onTablet = confirmationsOn(tablet);
    await using onPhone = confirmationsOn(phone);
    const asked = await askFor(servers, shop, tablet);
    await onPhone.nextThat(({ id }) => id === asked.id);
    // Signed in once more: the same device, another session.
    const again = tablet.twin(servers.client(0));
    asA('SignedIn', await again.signIn());
    for (const own of [tablet, again]) {
      expect(await confirmationsSeenBy(own)).toEqual([]);
      for (const id of [asked.id, asked.challengeId]) {
        const error = await own.client.error(DENY_CONFIRMATION, { id }, { token: own.sessionToken });
        expect(error.extensions.code).toBe('NOT_FOUND');
      }
      await expect(acknowledgeConfirmation(own, asked.id)).rejects.toThrow(/no such confirmation/);
    }
    expect(await servers.database.count('display', 'challenge_id = $1', [asked.challengeId])).toBe(1);
    // What the phone asks for comes to the tablet alone, and first.
    const other = await askFor(servers, shop, phone);
    expect(await onTablet.next()).toMatchObject({ id: other.id, state: 'PENDING' });
    expect(onTablet.unread).toEqual([]);
  });

  test('is never mixed with sign-ins: neither stream, nor list, nor answer takes the one for the other', async () => {
    const { phone, tablet } = await phoneAndTablet();
    await using confirmations = confirmationsOn(phone);
    await using requests = phone.loginRequests();
    // The tablet's own.
    await requests.next();
    const asked = await askFor(servers, shop, tablet);
    const challenge = await phone.another('Laptop').challenged();
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'PENDING' });
    expect(await confirmations.next()).toMatchObject({ id: asked.id });
    expect([requests.unread, confirmations.unread]).toEqual([[], []]);
    expect((await phone.viewer())?.loginRequests.map(({ id }) => id)).toEqual([promptId(challenge)]);
    expect((await confirmationsSeenBy(phone)).map(({ id }) => id)).toEqual([asked.id]);

    const refused = async (document: string, id: string) =>
      (await phone.client.error(document, { id }, { token: phone.sessionToken })).extensions.code;
    for (const document of [ACKNOWLEDGE, DENY]) {
      for (const id of [asked.id, asked.challengeId, `req_${asked.challengeId}`]) {
        expect(await refused(document, id)).toBe('NOT_FOUND');
      }
    }
    for (const id of [promptId(challenge), challenge.id, `cnf_${challenge.id}`, 'cnf_', '']) {
      expect(await refused(DENY_CONFIRMATION, id)).toBe('NOT_FOUND');
    }
  });

  test('is for trusted devices of the account alone', async () => {
    const { phone, tablet } = await phoneAndTablet();
    const stranger = await servers.trusted();
    const guest = phone.another('Guest', servers.client(1));
    await letIn(phone, guest, false);
    const asked = await askFor(servers, shop, tablet);
    await using refused = confirmationsOn(guest);
    expect((await refused.error()).extensions.code).toBe('FORBIDDEN');
    await using anonymous = servers.client().subscribe(CONFIRMATIONS);
    expect((await anonymous.error()).extensions.code).toBe('UNAUTHENTICATED');
    expect(await confirmationsSeenBy(guest)).toEqual([]);
    expect(await confirmationsSeenBy(stranger)).toEqual([]);
    const codes = [guest, stranger].map(async ({ client, sessionToken }) => {
      const { extensions } = await client.error(DENY_CONFIRMATION, { id: asked.id }, { token: sessionToken });
      return extensions.code;
    });
    expect(await Promise.all(codes)).toEqual(['FORBIDDEN', 'NOT_FOUND']);
  });

  test('is told again when it ends, with its code gone', async () => {
    const { phone, tablet } = await phoneAndTablet();
    const asked = await askFor(servers, shop, tablet, { action: transfer });
    await servers.database.query(
      "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
      [asked.challengeId],
    );
    await using told = confirmationsOn(phone);
    expect(await told.next()).toMatchObject({ id: asked.id, state: 'PENDING', code: expect.any(String) });
    expect(await told.next()).toMatchObject({
      id: asked.id,
      state: 'EXPIRED',
      code: null,
      action: transfer,
    });
  });

  test('is seen by whoever waits for the code once it is acknowledged', async () => {
    const { phone, tablet } = await phoneAndTablet();
    const asked = await askFor(servers, shop, tablet);
    const [waits] = (await tablet.challenge(asked)).deliveries;
    // By mail, which the asking device may read as well, it goes only where no other device can show it.
    expect(waits).toMatchObject({ state: 'QUEUED', reason: 'NO_TRUSTED_DEVICE_ONLINE' });
    expect(waits?.hint).toMatch(/^None of your other trusted devices is online\. Open Doorstep on one of them/);
    expect((await tablet.challenge(asked)).help).toContain('The device that you’re using now never shows this code.');
    await acknowledgeConfirmation(phone, asked.id);
    expect(await tablet.challenge(asked)).toMatchObject({ deliveries: [{ state: 'SEEN', hint: null }] });
  });

  test('is taken down when the session that asks ends', async () => {
    const { phone, tablet } = await phoneAndTablet();
    await using told = confirmationsOn(phone);
    const asked = await askFor(servers, shop, tablet);
    await told.next();
    await tablet.signOut();
    expect(await told.next()).toMatchObject({ id: asked.id, state: 'CANCELLED', code: null });
    expect(await confirmationsSeenBy(phone)).toEqual([]);
  });

  test('may be refused: it is over at once, and the backend, the other devices and the activity tell', async () => {
    const { phone, tablet } = await phoneAndTablet();
    const desk = phone.another('Desk', servers.client(1));
    await letIn(phone, desk);
    const { id: accountId } = (await phone.viewer()) ?? { id: '' };
    const { feed } = await openFeed(shop);
    await using _feed = feed;
    await using onDesk = confirmationsOn(desk);
    const asked = await askFor(servers, shop, tablet);
    await onDesk.next();
    expect(await denyConfirmation(phone, asked.id)).toMatchObject({ id: asked.id, state: 'DENIED', code: null });
    expect(await onDesk.next()).toMatchObject({ id: asked.id, state: 'DENIED', code: null });
    expect(await tablet.challenge(asked)).toMatchObject({ state: 'DENIED' });
    expect(asA('ChallengeClosed', await tablet.sendCode(asked, 'APP')).message).toBe(
      'This request was blocked on a trusted device.',
    );

    const about = { accountId, promptId: asked.id, requestId: asked.requestId, purpose: 'CONFIRM' };
    const [requested, over, denied] = await toldUntil(feed, 'CONFIRMATION_DENIED');
    const asker = (await deviceOf(tablet)).id;
    const deviceIds = [(await deviceOf(phone)).id, (await deviceOf(desk)).id].sort();
    expect({ ...requested, deviceIds: [...(requested?.deviceIds ?? [])].sort() }).toMatchObject({
      ...about,
      type: 'CONFIRMATION_REQUESTED',
      deviceId: asker,
      deviceIds,
      expiresAt: expect.any(String),
    });
    expect(over).toMatchObject({ ...about, type: 'CODE_OVER', deviceId: asker });
    expect(denied).toMatchObject({ ...about, type: 'CONFIRMATION_DENIED', deviceId: asker });
    const [entry] = await activityOf(phone, { first: 1 });
    expect(entry).toMatchObject({ type: 'CONFIRMATION_DENIED', deviceName: 'Tablet', method: 'APP' });
  });

  test('is refused once, however many devices do so, and once it is over by nobody', async () => {
    const { phone, tablet } = await phoneAndTablet();
    const asked = await askFor(servers, shop, tablet);
    const devices = Array.from({ length: 16 }, (_, nth) => phone.twin(servers.client(nth % 2)));
    const answers = await Promise.all(devices.map((device) => denyConfirmation(device, asked.id)));
    expect(new Set(answers.map(({ state }) => state))).toEqual(new Set(['DENIED']));
    expect(await activityOf(phone, { types: ['CONFIRMATION_DENIED'] })).toHaveLength(1);
    expect(
      await servers.database.count('event', "type = 'CONFIRMATION_DENIED' and prompt_id = $1", [asked.challengeId]),
    ).toBe(1);
  });

  test('may be refused as often as it takes, and new devices sign in as before', async () => {
    const { phone, tablet } = await phoneAndTablet();
    for (let nth = 0; nth < 4; nth += 1) await denyConfirmation(phone, (await askFor(servers, shop, tablet)).id);
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    // One denial of a sign-in is not one too many by those before it.
    await phone.deny(challenge);
    const again = await laptop.challenged();
    asA('SignedIn', await laptop.verify(again, await codeShownOn(phone, again)));
    expect(
      servers.mailbox.to(phone.owner.email).filter(({ subject }) => /request|refused|confirm/i.test(subject)),
    ).toEqual([]);
  });

  test('is told in our own words where two-step verification is to end', async () => {
    const { person, phone } = await enrolled(servers, bank);
    const { device: laptop } = await signInElsewhere(servers, person, phone, 'Laptop', { trustDevice: false });
    const { challenge } = await askedToConfirm(servers, person, laptop, { purpose: 'DISABLE_TWO_STEP' });
    const asks = { id: `cnf_${challenge.id}`, purpose: 'DISABLE_TWO_STEP', productName: bank.name };
    expect(await confirmationsSeenBy(phone)).toMatchObject([
      { ...asks, action: { title: 'Turn off two-step verification', fields: [] } },
    ]);
    const inGerman = await phone.ask<{ confirmations: readonly { action: unknown }[] }>(
      PENDING_CONFIRMATIONS,
      {},
      { headers: { 'accept-language': 'de' } },
    );
    expect(inGerman.confirmations).toMatchObject([
      { ...asks, action: { title: 'Bestätigung in zwei Schritten ausschalten', fields: [] } },
    ]);
  });

  test('goes by mail word for word, with no link and no line that passes for the code', async () => {
    const { person, phone } = await enrolled(servers, bank);
    const odd = {
      title: 'Pay <b>500 €</b> at https://shop.example/?a=1 now',
      fields: [{ label: 'Code', value: '12345678' }],
    };
    // Its one device asks: no other can show the code.
    await askedToConfirm(servers, person, phone, { action: odd });
    const { text, html, subject } = await servers.mailbox.next(person.email, (mail) =>
      mail.subject.includes('confirmation code'),
    );
    const lines = (text ?? '').split(/\r?\n/);
    expect(lines).toEqual(expect.arrayContaining([`${bank.name} asks: ${odd.title}`, '- Code: 12345678']));
    expect(lines.filter((line) => /^\d+$/.test(line))).toEqual([expect.stringMatching(/^\d{8}$/)]);
    expect(html).toContain('Pay &lt;b&gt;500 €&lt;/b&gt; at https://shop.example/?a=1 now');
    expect(html).toContain('Bank &amp; Söhne');
    expect(html).not.toMatch(/<a\b|href/);
    expect(text).toContain('Device: “Phone”');
    expect(subject).not.toContain('500');
  });

  test('goes by mail in our own words where two-step verification is to end, in the language of who asks', async () => {
    const { person, phone } = await enrolled(servers, bank);
    const { id: sessionId } = await sessionOf(servers, phone);
    const { token } = await start(servers, person, { purpose: 'DISABLE_TWO_STEP', sessionId });
    const device = { name: phone.name, platform: 'LINUX' };
    const sender = { headers: { 'accept-language': 'de' } };
    asA('Challenge', await phone.ask(BEGIN_VERIFICATION, { token, device, deviceToken: phone.deviceToken }, sender));
    const { text } = await servers.mailbox.next(person.email, ({ subject }) => subject.includes('auszuschalten'));
    expect(text).toContain(`${bank.name} bittet um Bestätigung: Bestätigung in zwei Schritten ausschalten`);
  });

  test('the feed names a sign-in by the id that the phone has of it', async () => {
    const phone = await servers.trusted();
    const { feed } = await openFeed(shop);
    await using _feed = feed;
    const challenge = await phone.another('Laptop').challenged();
    await phone.deny(challenge);
    const told = await toldUntil(feed, 'LOGIN_DENIED');
    expect(told.map(({ type, promptId: id, requestId }) => [type, id, requestId])).toEqual([
      ['LOGIN_REQUESTED', promptId(challenge), null],
      ['CODE_OVER', promptId(challenge), null],
      ['LOGIN_DENIED', promptId(challenge), null],
    ]);
  });
});
