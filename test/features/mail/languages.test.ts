import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Locale, locales, Texts } from '../../../src/texts/texts.js';
import { activityOf } from '../../support/activity.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn, letIn, member, removeDevice, requestReset, resetPassword } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';
import { Visitor } from '../../support/visitor.js';
import { until } from '../../support/waiting.js';

const texts = new Texts({ name: 'Doorstep', address: 'no-reply@doorstep.example' });

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ limits: { RESEND_SECONDS: 1, OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** The same device, tokens included, whose requests ask for a language. */
function reading(acceptLanguage: string, handset: Handset): Handset {
  return handset.twin(new Visitor(handset.client.url, { 'accept-language': acceptLanguage }));
}

/** Waits for the mail with the subject that a text of the catalogue is in one language. */
function mailWith(handset: Handset, locale: Locale, key: Parameters<Texts['t']>[1]): Promise<{ text: string | null }> {
  const subject = texts.t(locale, key);
  return servers.mailbox.next(handset.owner.email, (mail) => mail.subject === subject);
}

describe.each(locales)('in %s', (locale) => {
  test('a refusal says why, and what to do about it', async () => {
    const stranger = reading(locale, servers.stranger());
    const invalid = asA('InvalidCredentials', await stranger.signIn());
    expect(invalid.message).toBe(texts.t(locale, 'problem.InvalidCredentials'));
    const weak = asA('WeakPassword', await stranger.signUp('short'));
    expect(weak.message).toBe(texts.t(locale, 'problem.WeakPassword'));
    expect(weak.suggestions).toEqual([texts.t(locale, 'weakPassword.rule.tooShort', { count: 12 })]);
    const challenge = await requestReset(stranger);
    const wrong = member('WrongCode', await resetPassword(stranger, challenge, '00000000', 'velvet-harbour-57-kettle'));
    expect(wrong.message).toBe(texts.t(locale, 'problem.WrongCode', { count: 4 }));
  });

  test('a challenge says where the code went, what became of it, and what helps', async () => {
    const phone = await servers.trusted();
    const laptop = reading(locale, phone.another('Laptop'));
    const challenge = await laptop.challenged();
    expect(challenge.sentTo).toBe(texts.t(locale, 'challenge.sentTo.trustedDevices'));
    expect(challenge.help).toEqual(texts.list(locale, 'challenge.help.SIGN_IN.APP'));
    const hint = texts.t(locale, 'delivery.hint.NO_TRUSTED_DEVICE_ONLINE');
    expect(challenge.deliveries.map((delivery) => delivery.hint)).toEqual([hint]);
    await using _prompts = phone.loginRequests();
    const shown = texts.t(locale, 'delivery.hint.NOT_YET_ACKNOWLEDGED', { count: 1 });
    await until(async () => (await laptop.challenge(challenge)).deliveries[0]?.hint === shown, `'${shown}'`);
  });

  test('a place has its name', async () => {
    const phone = await servers.signedUp();
    const [entry] = await activityOf(reading(locale, phone), { first: 1 });
    expect(entry?.location.label).toBe(texts.t(locale, 'place.privateNetwork'));
  });

  test('the mails are that a sign-up in this language, and all that follows, lead to', async () => {
    const phone = reading(locale, servers.stranger());
    const challenge = asA('Challenge', await phone.signUp());
    const mail = await mailWith(phone, locale, 'mail.codes.SIGN_UP.subject');
    const code = /^\d{8}$/m.exec(mail.text ?? '')?.[0] ?? '';
    asA('SignedIn', await phone.verify(challenge, code));
    asA('SignedIn', await phone.another('Laptop', servers.client()).signIn());
    await mailWith(phone, 'en', 'mail.notices.NEW_DEVICE.subject');
    await phone.signIn();
    const [laptop] = (await phone.viewer())?.devices.filter(({ name }) => name === 'Laptop') ?? [];
    // Asked for in another language: the account's own is what its owner reads.
    await removeDevice(reading('en', phone), laptop?.id ?? '');
    await mailWith(phone, locale, 'mail.notices.DEVICE_REMOVED.subject');
  });
});

describe('the language of an answer', () => {
  test.each([
    ['de-AT', 'de'],
    ['pt-BR,pt;q=0.9,en;q=0.8', 'pt'],
    ['ja, fr;q=0.5, de;q=0.7', 'de'],
    ['ja', 'en'],
    ['*', 'en'],
    ['', 'en'],
    [';;;q=abc', 'en'],
    ['x'.repeat(5000), 'en'],
  ] as const)("to 'Accept-Language: %s' is %s", async (acceptLanguage, locale) => {
    const { message } = asA('InvalidCredentials', await reading(acceptLanguage, servers.stranger()).signIn());
    expect(message).toBe(texts.t(locale, 'problem.InvalidCredentials'));
  });

  test('is that of the request, whoever is signed in', async () => {
    const phone = await servers.signedUp();
    asA('SignedIn', await reading('de', phone).signIn());
    const [entry] = await activityOf(phone, { first: 1 });
    expect(entry?.location.label).toBe('Private network');
  });
});

describe('the language of a socket', () => {
  const placeTold = async (phone: Handset, payload: Record<string, unknown>) => {
    await using socket = await HandSocket.open(phone.client.socketUrl, { headers: { 'accept-language': 'fr' } });
    socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${phone.sessionToken}`, ...payload } });
    expect((await socket.next()).type).toBe('connection_ack');
    socket.subscribe('1', 'subscription { loginActivity { location { label } } }');
    asA('SignedIn', await phone.twin().signIn());
    return JSON.stringify((await socket.next()).payload);
  };

  test('is that of its upgrade, unless connection_init names another, as a page in a browser must', async () => {
    const phone = await servers.signedUp();
    expect(await placeTold(phone, {})).toContain(texts.t('fr', 'place.privateNetwork'));
    expect(await placeTold(phone, { 'accept-language': 'de-AT' })).toContain(texts.t('de', 'place.privateNetwork'));
    expect(await placeTold(phone, { 'accept-language': 7 })).toContain(texts.t('fr', 'place.privateNetwork'));
  });
});

describe('the language of a mail', () => {
  test('with a code is that of whoever asks for it', async () => {
    const phone = await servers.trusted();
    const laptop = reading('fr', phone.another('Laptop'));
    const challenge = await laptop.challenged();
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    const mail = await mailWith(phone, 'fr', 'mail.codes.SIGN_IN.subject');
    expect(mail.text).toContain(await codeShownOn(phone, challenge));
  });

  test('of a reset follows the request alone, not the account', async () => {
    const phone = await servers.signedUp();
    await requestReset(reading('es', phone));
    await mailWith(phone, 'es', 'mail.codes.RESET_PASSWORD.subject');
  });

  test('about a new device is that in which it was signed in', async () => {
    const phone = await servers.signedUp();
    asA('SignedIn', await reading('ru', phone.another('Laptop')).signIn());
    await mailWith(phone, 'ru', 'mail.notices.NEW_DEVICE.subject');
    const trusted = await servers.trusted();
    const tablet = reading('pt', trusted.another('Tablet'));
    await letIn(trusted, tablet);
    await mailWith(trusted, 'pt', 'mail.notices.NEW_DEVICE.subject');
  });

  test('is not changed by somebody who only has the password', async () => {
    const phone = await servers.trusted();
    const intruder = reading('ru', phone.another('Laptop'));
    await phone.deny(await intruder.challenged());
    await mailWith(phone, 'en', 'mail.notices.LOGIN_DENIED.subject');
  });
});
