// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** Of what wakes devices while no page is open, and of those on which their owner wants no codes. */
export const pushGuards: readonly Guard[] = [
  {
    name: 'push-of-trusted-devices',
    keeps: 'a device that is not trusted registers no push',
    edits: [
      {
        file: 'sessions/owner.ts',
        find: "if (standing !== 'TRUSTED') throw new Forbidden();",
        replace: "if (standing === 'OVER') throw new Forbidden();",
      },
    ],
    noticedBy: ['registrations', 'is for trusted devices alone'],
  },
  {
    name: 'push-ends-with-its-session',
    keeps: 'what a session registered is forgotten with it',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'unpushed as (${forgettingPush(sql`select id from ended`)}),',
        replace: 'unpushed as (${forgettingPush(sql`select id from ended where false`)}),',
      },
    ],
    noticedBy: ['registrations', 'once %s'],
  },
  {
    name: 'push-of-one-device',
    keeps: 'an endpoint belongs to the device that registered it last',
    edits: [
      {
        file: 'devices/push-subscriptions.ts',
        find: 'tx.write(sql`delete from push_subscription where endpoint = ${endpoint} and device_id <> ${deviceId}`);',
        replace: '',
      },
    ],
    noticedBy: ['registrations', 'belongs to the device that registered its endpoint last, whoever has that'],
    breaks: true,
  },
  {
    name: 'push-under-its-key',
    keeps: 'a subscription is sent to under the key that it was made under',
    edits: [
      {
        file: 'devices/push-subscriptions.ts',
        find: 'key_id = case when ${isSame} and ${keyId === null} then ps.key_id else excluded.key_id end',
        replace: 'key_id = case when ${isSame} and ${keyId === undefined} then ps.key_id else excluded.key_id end',
      },
    ],
    noticedBy: ['registrations', 'keys are exchanged, and no subscription is lost by that'],
  },
  {
    name: 'fallback-once',
    keeps: 'a code that was mailed goes by mail by itself no more',
    edits: [{ file: 'challenges/fallbacks.ts', find: 'and c.last_mail_send_at is null ', replace: '' }],
    noticedBy: ['fallback', 'not where it was seen, was mailed before, is over, or may not be mailed'],
  },
  {
    name: 'fallback-while-held',
    keeps: 'no code goes by mail by itself while mail is held',
    edits: [{ file: 'challenges/fallbacks.ts', find: ' and not c.mail_held', replace: '' }],
    noticedBy: ['fallback', 'not where it was seen, was mailed before, is over, or may not be mailed'],
  },
  {
    name: 'codes-where-wanted',
    keeps: 'a device on which no codes are wanted is prompted for none',
    edits: [
      {
        file: 'prompts/prompt-views.ts',
        find: ' and not c.is_silent and d.receives_codes)',
        replace: ' and not c.is_silent)',
      },
    ],
    noticedBy: ['code-choices', 'has codes taken down that it shows, and shows them once it may'],
  },
  {
    name: 'backends-wake-where-wanted',
    keeps: 'backends are told of the devices that show codes alone',
    edits: [{ file: 'challenges/code-devices.ts', find: '${d}.receives_codes and ', replace: '' }],
    noticedBy: ['code-choices', 'skips the second step, and is prompted for none'],
  },
  {
    name: 'code-choices-of-the-account',
    keeps: "nobody chooses for another account's device",
    edits: [
      {
        file: 'devices/devices.ts',
        find: 'where account_id = ${accountId} and id = ${deviceId} and removed_at is null and receives_codes',
        replace: 'where ${accountId}::uuid is not null and id = ${deviceId} and removed_at is null and receives_codes',
      },
    ],
    noticedBy: ['code-choices', 'is made on trusted devices alone, about devices of the account'],
  },
];
