import type { Locale } from '../texts/texts.js';
import {
  type CodeMail,
  codeMailKinds,
  type HeldChangeMail,
  heldMailKinds,
  type NoticeMail,
  noticeKinds,
} from './mail-data.js';

const requestedAt = new Date('2026-11-23T05:15:00Z');
const asker = {
  deviceName: 'Kitchen tablet',
  platform: 'ANDROID',
  place: 'Lisbon, Portugal',
  ipAddress: '203.0.113.7',
  brand: null,
} as const;

const action = {
  client: 'Acme',
  title: 'Send a payment & keep it “as it is”',
  fields: [
    { label: 'Amount', value: '250.00 €' },
    { label: 'To', value: '<Ana Müller>' },
  ],
};

/** One of each mail about a challenge, to try templates on. */
export function sampleCodeMails(locale: Locale): CodeMail[] {
  const request = { ...asker, locale, requestedAt, expiresAt: new Date(requestedAt.getTime() + 600_000) };
  return codeMailKinds.map((kind) => {
    if (kind === 'SIGN_UP_TAKEN') return { ...request, kind };
    const isConfirmation = kind === 'CONFIRM' || kind === 'DISABLE_TWO_STEP';
    return isConfirmation ? { ...request, kind, code: '48291374', action } : { ...request, kind, code: '48291374' };
  });
}

/** Each notice twice, to try templates on: with all that can be known, and with nothing. */
export function sampleNotices(locale: Locale): NoticeMail[] {
  const nothing = { deviceName: null, platform: null, place: null, ipAddress: null, occurredAt: null, brand: null };
  return noticeKinds.flatMap((kind) => [
    { ...asker, locale, kind, occurredAt: requestedAt, more: 55 },
    { ...nothing, locale, kind },
  ]);
}

/** One of each mail about a change that waits, to try templates on. */
export function sampleHeldChanges(locale: Locale): HeldChangeMail[] {
  const brand = { productName: 'Shop', senderName: 'Shop', link: 'https://shop.example' };
  const held = {
    locale,
    brand,
    code: '48291374482913744829',
    page: 'doorstep.example/stop-change',
    waitsUntil: requestedAt,
  };
  return heldMailKinds.map((kind) => ({ ...held, kind }));
}
