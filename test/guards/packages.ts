import type { Guard } from './guard.js';

const keptChecks = '../packages/server/src/kept-checks.ts';
const webhooks = '../packages/server/src/webhooks.ts';

/** Of the package for products' backends: what it keeps, and whom it believes. Its unit tests import what was built beside them. */
export const packageGuards: readonly Guard[] = [
  {
    name: 'kept-checks-of-a-silent-feed',
    keeps: 'nothing is kept once the feed has not been heard for two seconds',
    edits: [
      {
        file: keptChecks,
        find: '    if (this.stretch && this.heartbeats.silentMs() > SILENCE_MS) this.dropAll();\n',
        replace: '',
      },
    ],
    noticedBy: ['kept-checks', 'is each silence of more than two seconds, also once it is over'],
  },
  {
    name: 'kept-checks-over-a-break',
    keeps: 'an answer is not kept where the feed broke since the question, though it is heard again',
    edits: [
      {
        file: keptChecks,
        find: 'const isUnbroken = stretch !== null && this.isHeard() && this.stretch === stretch;',
        replace: 'const isUnbroken = this.isHeard();',
      },
    ],
    noticedBy: ['kept-checks', 'such as %s between question and answer, though it is over'],
  },
  {
    name: 'kept-checks-overtaken',
    keeps: 'an answer is not kept where an event of the account came since the question',
    edits: [
      {
        file: keptChecks,
        find: 'else if (isUnbroken && !isOvertaken)',
        replace: 'else if (isUnbroken)',
      },
    ],
    noticedBy: ['kept-checks', 'between question and answer keeps the answer from being kept'],
  },
  {
    name: 'kept-checks-of-an-account',
    keeps: 'an event drops all that is kept of its account',
    edits: [{ file: keptChecks, find: '    this.dropAllOf(accountId);\n', replace: '' }],
    noticedBy: ['kept-checks', 'of the account drops all that is kept of it, and nothing else'],
  },
  {
    name: 'kept-checks-for-their-time',
    keeps: 'an answer is kept for as long as it says',
    edits: [{ file: keptChecks, find: '>= found.session.mayBeKept * 1000', replace: '>= 3_600_000' }],
    noticedBy: ['kept-checks', 'while the feed is heard, for as long as it says, counted from the question'],
  },
  {
    name: 'kept-checks-late-heartbeats',
    keeps: 'a heartbeat that lay in a buffer tells of when it was sent',
    edits: [
      {
        file: '../packages/server/src/heartbeats.ts',
        find: 'this.heardAt = { monotonicMs: sentAt + quickest.monotonicMs, wallMs: sentAt + quickest.wallMs };',
        replace: 'this.heardAt = now;',
      },
    ],
    noticedBy: ['kept-checks', 'that a heartbeat lay in a buffer is time in which nothing was heard'],
  },
  {
    name: 'kept-checks-while-asleep',
    keeps: 'time in which the machine slept is time',
    edits: [
      {
        file: '../packages/server/src/clock.ts',
        find: 'return Math.max(later.monotonicMs - earlier.monotonicMs, later.wallMs - earlier.wallMs);',
        replace: 'return later.monotonicMs - earlier.monotonicMs;',
      },
    ],
    noticedBy: ['kept-checks', 'in which the machine slept counts, whichever of its clocks stood still'],
  },
  {
    name: 'webhooks-of-strangers',
    keeps: 'a webhook is taken by its signature alone',
    edits: [{ file: webhooks, find: '  return found === 1;', replace: '  return found === found;' }],
    noticedBy: ['webhook-verification', 'is not believed %s'],
  },
  {
    name: 'webhooks-of-another-time',
    keeps: 'a webhook that was recorded is not taken later',
    edits: [{ file: webhooks, find: '<= TOLERANCE_SECONDS', replace: '<= Number.MAX_SAFE_INTEGER' }],
    noticedBy: ['webhook-verification', 'is not believed %s'],
  },
  {
    name: 'wake-ups-in-time',
    keeps: 'nobody is woken for a code that has ended',
    edits: [
      { file: '../packages/server/src/wake-ups.ts', find: '  if (!(ttlSeconds > 0)) return null;\n', replace: '' },
    ],
    noticedBy: ['wake-ups', 'for as long as the code lives from now on, and for no longer than it ever did'],
  },
];
