// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

const STATES = 'verifications/verification-states.ts';
const VIEWS = 'verifications/verification-views.ts';
const RECEIPTS = 'verifications/receipts.ts';
const START = 'verifications/verifications.ts';
const BEGIN = 'sign-in/verification-beginnings.ts';
const CHALLENGES = 'challenges/challenge-states.ts';

/** Of what products' backends have verified: started, begun and proven once, under the epoch, by whom it is for. */
export const verificationGuards: readonly Guard[] = [
  {
    name: 'receipt-once',
    keeps: 'a receipt is redeemed once',
    edits: [{ file: STATES, find: ' and v.redeemed_at is null', replace: '' }],
    noticedBy: ['verifications', 'is redeemed once'],
  },
  {
    name: 'receipt-in-time',
    keeps: 'a receipt is good for its time',
    edits: [{ file: STATES, find: ' and v.receipt_expires_at > clock_timestamp()', replace: '' }],
    noticedBy: ['verifications', 'is good for RECEIPT_SECONDS'],
  },
  {
    name: 'receipt-epoch',
    keeps: 'a receipt is good under the epoch that its own transaction left',
    edits: [{ file: STATES, find: '\n          and v.receipt_epoch = a.epoch', replace: '' }],
    noticedBy: ['verifications', 'is void once the epoch is another, or its session is over'],
  },
  {
    name: 'receipt-session',
    keeps: 'a receipt is good while the session that was opened is live',
    edits: [{ file: RECEIPTS, find: '(${reliedOn} is null or exists', replace: '(true or exists' }],
    noticedBy: ['verifications', 'is void once the epoch is another, or its session is over'],
  },
  {
    name: 'receipt-asking-session',
    keeps: 'an action is proven no more once the session that asked is over',
    edits: [
      {
        file: RECEIPTS,
        find: "case when v.purpose = 'CONFIRM' then v.session_id else v.verified_session_id end",
        replace: 'v.verified_session_id',
      },
    ],
    noticedBy: [
      'confirm-actions',
      'that was confirmed is proven no more once the session that asked is over, by whatever it ended',
    ],
  },
  {
    name: 'receipt-client',
    keeps: 'a receipt is redeemed by the client that started it',
    edits: [
      { file: RECEIPTS, find: 'sql`v.client_id = ${caller.clientId} and v.request_id', replace: 'sql`v.request_id' },
    ],
    noticedBy: ['confirm-actions', 'is confirmed for an own account too, by a client that sees it'],
  },
  {
    name: 'receipt-request',
    keeps: 'a receipt is redeemed for the request that it was made for',
    edits: [
      {
        file: RECEIPTS,
        find: 'v.request_id = ${requestId}',
        replace: '${requestId}::text is not null',
      },
    ],
    noticedBy: ['verifications', 'is good for its own request and client alone, and stays good for those'],
  },
  {
    name: 'first-factor-epoch',
    keeps: 'nothing is started under an epoch that is over',
    edits: [
      {
        file: START,
        find: 'if (epoch !== null && account.epoch !== epoch) return new StaleFirstFactor();',
        replace: 'if (epoch !== null && epoch < 0) return new StaleFirstFactor();',
      },
    ],
    noticedBy: ['verifications', 'under an epoch that is over starts nothing, whatever else is wrong'],
  },
  {
    name: 'request-input',
    keeps: 'an id stands for one input',
    edits: [
      {
        file: START,
        find: 'if (!inputHash.equals(earlier.row.inputHash)) throw isTaken();',
        replace: 'if (inputHash.length === 0) throw isTaken();',
      },
    ],
    noticedBy: ['verifications', 'answers the same again, on every server, and refuses the id for anything else'],
  },
  {
    name: 'deleted-subjects',
    keeps: 'of a subject that was deleted nobody says that it is unknown',
    edits: [{ file: START, find: 'if (isDeleted) throw', replace: 'if (isDeleted && !requestId) throw' }],
    noticedBy: [
      'verifications',
      "knows the caller's own subjects alone, and never says of a deleted one that it is unknown",
    ],
  },
  {
    name: 'asking-session-of-the-account',
    keeps: 'what a session asks for is asked for by one of that person',
    edits: [
      {
        file: START,
        find: "if (live?.accountId !== account.id) throw new NotFound('session');",
        replace: "if (!live || !account) throw new NotFound('session');",
      },
      {
        file: 'sessions/asking-device.ts',
        find: ' and s.account_id = ${accountId}',
        replace: ' and ${accountId}::uuid is not null',
      },
    ],
    noticedBy: [
      'confirm-actions',
      'is asked for by a live session of that person alone, which is there still when a device begins',
    ],
  },
  {
    name: 'begin-epoch',
    keeps: 'nothing begins under an epoch that is over',
    edits: [{ file: VIEWS, find: "\n  when v.epoch <> a.epoch then 'CANCELLED'", replace: '' }],
    noticedBy: ['verifications', 'is over once the epoch is another, begun or not'],
  },
  {
    name: 'begin-in-time',
    keeps: 'what no device has begun in time does not begin',
    edits: [{ file: VIEWS, find: "\n  when v.expires_at <= clock_timestamp() then 'EXPIRED'", replace: '' }],
    noticedBy: ['verifications', 'is over if no device has begun in time, and lives as long again from its begin on'],
  },
  {
    name: 'begun-once',
    keeps: 'a verification is begun once',
    edits: [
      {
        file: BEGIN,
        find: 'if (!isToBegin(found)) return standing(found);',
        replace: "if (found.state !== 'PENDING') return standing(found);",
      },
    ],
    noticedBy: [
      'verification-races',
      'is started once by twenty that ask for the same, begun once by twenty that begin it',
    ],
    // No challenge has the token of another: the table itself refuses the second.
    breaks: true,
  },
  {
    name: 'answered-where-it-began',
    keeps: "a backend's challenge is answered by its own field, and a session's by its own",
    edits: [
      {
        file: CHALLENGES,
        find: 'any(case when c.client_id is null then ${constant(own)} else ${constant(backends)} end)',
        replace: 'any(${own}::text[] || ${backends}::text[])',
      },
      {
        file: CHALLENGES,
        find: '(clientId == null ? own : backends).includes(purpose)',
        replace: '[...own, ...backends, ...(clientId ? [] : [])].includes(purpose)',
      },
    ],
    noticedBy: ['purposes', 'for %s is nothing to %s, and spends no try there'],
  },
  {
    name: 'asker-is-live',
    keeps: 'nothing is confirmed for a session that is over',
    edits: [
      { file: CHALLENGES, find: 'else ${isAskerLive(limits)} end', replace: 'else true end' },
      {
        file: CHALLENGES,
        find: 'sql`${isRight(challenge, field)} and ${isAskerLive(limits)}`',
        replace: 'limits ? isRight(challenge, field) : isAskerLive(limits)',
      },
    ],
    noticedBy: ['confirm-actions', 'is over with the session that asks, by whatever it ended'],
  },
  {
    name: 'code-of-the-action',
    keeps: 'another text has another code',
    edits: [
      {
        file: 'codes/codes.ts',
        find: 'labelled.update(digestOf(action))',
        replace: 'labelled.update(String(!digestOf))',
      },
    ],
    noticedBy: ['confirm-actions', 'that was changed behind the code is not what the code stands for'],
  },
  {
    name: 'no-mail-while-shown',
    keeps: 'a code for an action is not mailed while another device can show it',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: "return row.canShow || row.mailHeld ? ['APP'] : ['EMAIL'];",
        replace: "return row.canShow || row.mailHeld ? ['APP', 'EMAIL'] : ['EMAIL'];",
      },
    ],
    noticedBy: [
      'confirm-actions',
      'is shown on no device that asks, trusted though it is, and goes by no mail while another can show it',
    ],
  },
  {
    name: 'confirm-counted-apart',
    keeps: 'wrong codes of actions pause no sign-in',
    edits: [
      {
        file: 'accounts/failure-counts.ts',
        find: "failures: raw('confirm_failures'),\n    pausedUntil: raw('confirm_paused_until'),",
        replace: "failures: raw('code_failures'),\n    pausedUntil: raw('paused_until'),",
      },
    ],
    noticedBy: [
      'confirm-actions',
      'are CONFIRM_TRIES_BEFORE_PAUSE in a row, then nothing is confirmed for a while, and sign-ins go on',
    ],
  },
];
