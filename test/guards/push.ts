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
    name: 'push-refused-by-fault-of-ours',
    keeps: 'a fault of ours costs nobody a subscription',
    edits: [
      {
        file: 'devices/push-subscriptions.ts',
        find: "case when answer <> 'REFUSED' then answer",
        replace: "case when answer <> 'REFUSED' then answer when true then 'GONE'",
      },
    ],
    noticedBy: ['pushes', 'an answer of %i is a fault of ours until the same service takes others'],
  },
  {
    name: 'push-as-rows-have-it',
    keeps: 'what was true as a push was written is looked at again as it is sent',
    edits: [
      {
        file: 'push/push-targets.ts',
        find: " and ${mayShowCodes(limits, 'd')}",
        replace: '',
      },
    ],
    noticedBy: ['pushes', 'what its device may not show any more is not sent'],
  },
  {
    name: 'push-never-to-the-asking-device',
    keeps: 'an action is confirmed on another device than the one that asks',
    edits: [
      { file: 'challenges/prompt-events.ts', find: " and ${isForDevice(asked, 'd')}", replace: '' },
      { file: 'push/push-targets.ts', find: " and ${isForDevice(askedIn('c'), 'd')}", replace: '' },
    ],
    noticedBy: ['pushes', 'an action that waits to be confirmed is pushed, but to the device that asks'],
  },
  {
    name: 'push-deadline',
    keeps: 'a push service has PUSH_SECONDS to answer',
    edits: [{ file: 'push/push-tries.ts', find: 'this.limits.PUSH_SECONDS * 1000', replace: '30_000' }],
    noticedBy: ['pushes', 'has PUSH_SECONDS to answer, and not more'],
  },
  {
    name: 'push-pause-that-was-asked-for',
    keeps: 'a push service is left alone for as long as it asks',
    edits: [
      {
        file: 'push/push-tries.ts',
        find: 'outcome: { ...again.outcome, delayMs }, restMs: Math.min(retryAfterMs, REST_MAX_MS)',
        replace: 'outcome: { ...again.outcome, delayMs: Math.min(delayMs, 100) }, restMs: Math.min(0, REST_MAX_MS)',
      },
    ],
    noticedBy: ['pushes', 'what passes is tried again: away, slow, 5xx; with a pause as long as is asked for'],
  },
  {
    name: 'push-busy-for-one',
    keeps: 'a push service that has had too many for one device is not left alone with those of others',
    edits: [{ file: 'push/push-tries.ts', find: 'status === 503 ? resting', replace: 'status >= 400 ? resting' }],
    noticedBy: ['pushes', 'that one device has had too many holds up no other of the same service'],
  },
  {
    name: 'push-by-whoever-has-the-key',
    keeps: 'a worker leaves what it cannot sign to one that can',
    edits: [
      {
        file: 'outbox/pushes.ts',
        find: 'and not ps.key_id = any(${keyIds})))`',
        replace: 'and not ps.key_id = any(${keyIds}) and false))`',
      },
    ],
    noticedBy: ['pushes', 'with a key that a worker does not have nothing is lost: another worker has it'],
  },
  {
    name: 'fallback-behind-others',
    keeps: 'no code waits behind others that may not be mailed',
    edits: [{ file: 'challenges/fallbacks.ts', find: 'found.length < MOST ? null', replace: 'MOST ? null' }],
    noticedBy: ['fallback', 'however many others may not be mailed, and wait before it'],
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
        find: ' and not c.is_silent and found.receives_codes)',
        replace: ' and not c.is_silent)',
      },
    ],
    noticedBy: ['code-choices', 'skips the second step, and is prompted for none'],
  },
  {
    name: 'backends-wake-where-wanted',
    keeps: 'backends are told of the devices that show codes alone',
    edits: [{ file: 'challenges/code-devices.ts', find: '${d}.receives_codes and ', replace: '' }],
    noticedBy: ['code-choices', 'skips the second step, and is prompted for none'],
  },
];
