import { expect, test } from '@jest/globals';
import { type LimitName, limitTable } from '../../../src/config/limits.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { isTestThere } from '../../support/test-files.js';

/** For each number of the table the test at its bound: what is just within it passes, and one more does not. */
const boundaryTests: Readonly<Record<LimitName, readonly [file: string, title: string]>> = {
  CODE_DIGITS: ['limits', 'codes have CODE_DIGITS and OPEN_CODE_DIGITS digits, and fewer or more are none'],
  OPEN_CODE_DIGITS: ['limits', 'codes have CODE_DIGITS and OPEN_CODE_DIGITS digits, and fewer or more are none'],
  CHALLENGE_SECONDS: ['limits-of-time', 'a challenge takes its code for CHALLENGE_SECONDS, and not after'],
  CHALLENGE_TRIES: ['challenges', 'and is locked by the fifth wrong one, so that the right one opens nothing any more'],
  ACCOUNT_TRIES_BEFORE_PAUSE: [
    'limits-of-time',
    'from ACCOUNT_TRIES_BEFORE_PAUSE wrong codes on new devices wait ACCOUNT_PAUSE_SECONDS, and not before',
  ],
  ACCOUNT_PAUSE_SECONDS: [
    'limits-of-time',
    'from ACCOUNT_TRIES_BEFORE_PAUSE wrong codes on new devices wait ACCOUNT_PAUSE_SECONDS, and not before',
  ],
  ACCOUNT_TRIES_BEFORE_STOP: [
    'account-tries',
    'past the stop no code is right until the password changes, however long one waits',
  ],
  RESEND_SECONDS: ['limits-of-time', 'a code is sent again by the same method after RESEND_SECONDS, and not before'],
  CHALLENGE_SENDS: ['challenges', 'five times in all'],
  MAILS_PER_ADDRESS_HOUR: [
    'challenges',
    'at most ten times an hour to one mailbox, over all challenges of the account',
  ],
  OPEN_MAILS_PER_ADDRESS_HOUR: [
    'limits-of-networks',
    'mails to one address are OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR, and from all OPEN_MAILS_PER_ADDRESS_HOUR',
  ],
  OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: [
    'limits-of-networks',
    'mails to one address are OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR, and from all OPEN_MAILS_PER_ADDRESS_HOUR',
  ],
  CHALLENGES_PER_ACCOUNT_HOUR: [
    'sign-in',
    'the thirty-first challenge of an hour waits, and a trusted device does not',
  ],
  CHALLENGES_PER_IP_HOUR: ['limits-of-networks', 'sign-ins of unknown devices are CHALLENGES_PER_IP_HOUR'],
  OPEN_CHALLENGES_PER_IP_HOUR: [
    'limits-of-networks',
    'sign-ups and resets are OPEN_CHALLENGES_PER_IP_HOUR together, and %s is one too many',
  ],
  PUSH_SECONDS: ['pushes', 'has PUSH_SECONDS to answer, and not more'],
  FALLBACK_SECONDS: ['fallback', 'after FALLBACK_SECONDS, and not before'],
  PUSH_DEVICES: ['registrations', 'is had by at most PUSH_DEVICES of an account: the one seen longest ago makes room'],
  TEST_PUSHES_PER_HOUR: [
    'test-pushes',
    'are TEST_PUSHES_PER_HOUR of a device, and there is one again when the oldest is an hour old',
  ],
  PROMPTS_UNANSWERED: ['limits-of-time', 'count for PROMPTS_WINDOW_SECONDS, and PROMPTS_UNANSWERED of them are shown'],
  PROMPTS_WINDOW_SECONDS: [
    'limits-of-time',
    'count for PROMPTS_WINDOW_SECONDS, and PROMPTS_UNANSWERED of them are shown',
  ],
  DENIALS_BEFORE_PAUSE: [
    'limits-of-time',
    'denials count for DENIALS_WINDOW_SECONDS, and DENIALS_BEFORE_PAUSE of them let new devices wait',
  ],
  DENIALS_WINDOW_SECONDS: [
    'limits-of-time',
    'denials count for DENIALS_WINDOW_SECONDS, and DENIALS_BEFORE_PAUSE of them let new devices wait',
  ],
  PASSWORD_FAILURES_FREE: [
    'limits-of-time',
    'from the failure after PASSWORD_FAILURES_FREE on a delay doubles, up to PASSWORD_DELAY_MAX_SECONDS',
  ],
  PASSWORD_DELAY_MAX_SECONDS: [
    'limits-of-time',
    'from the failure after PASSWORD_FAILURES_FREE on a delay doubles, up to PASSWORD_DELAY_MAX_SECONDS',
  ],
  PASSWORD_FAILURES_PER_IP_HOUR: [
    'limits-of-networks',
    'wrong passwords over all addresses are PASSWORD_FAILURES_PER_IP_HOUR',
  ],
  PASSWORD_FAILURES_PER_ADDRESS_HOUR: [
    'limits-of-sign-ins',
    'that %s are PASSWORD_FAILURES_PER_ADDRESS_HOUR, and then one a minute from each network',
  ],
  SIGN_INS_PER_ACCOUNT_HOUR: [
    'limits-of-sign-ins',
    'on devices that it does not know are SIGN_INS_PER_ACCOUNT_HOUR, and a known one has as many of its own',
  ],
  SIGN_INS_PER_IP_HOUR: [
    'limits-of-sign-ins',
    'right or wrong, are SIGN_INS_PER_IP_HOUR, and a known device is not asked',
  ],
  NEW_DEVICE_NOTICES_HOUR: ['limits-of-sign-ins', 'are NEW_DEVICE_NOTICES_HOUR, and then one that tells how many more'],
  PASSWORD_MIN_LENGTH: ['passwords', 'is counted in characters, not in bytes'],
  PASSWORD_MAX_LENGTH: ['passwords', 'is refused where it is %s, with what would make it stronger'],
  JUDGEMENTS_PER_CHALLENGE: ['judgements', 'are JUDGEMENTS_PER_CHALLENGE for one reset, and then it is locked'],
  ARGON2_MEMORY_KIB: ['hashes', 'has the costs that are set, and is made anew at a sign-in once one of them rises'],
  ARGON2_PASSES: ['hashes', 'has the costs that are set, and is made anew at a sign-in once one of them rises'],
  ARGON2_LANES: ['hashes', 'has the costs that are set, and is made anew at a sign-in once one of them rises'],
  HASHES_AT_ONCE: ['hashes', 'as many wait for a hash as may, and one more is turned away at once'],
  HASHES_WAITING: ['hashes', 'as many wait for a hash as may, and one more is turned away at once'],
  SESSION_IDLE_DAYS: ['limits-of-time', 'a session that was not used for SESSION_IDLE_DAYS is over, and not before'],
  SESSION_MAX_DAYS: ['limits-of-time', 'a session that was opened SESSION_MAX_DAYS ago is over, and not before'],
  SESSIONS_PER_DEVICE: [
    'session-limits',
    'of a device are SESSIONS_PER_DEVICE: for one more the one unused longest ends, and its socket closes',
  ],
  SESSIONS_PER_ACCOUNT: [
    'session-limits',
    'of an account are SESSIONS_PER_ACCOUNT: for one more the one unused longest ends',
  ],
  TRUSTED_SESSION_IDLE_DAYS: [
    'limits-of-time',
    'a session of a trusted device that was not used for TRUSTED_SESSION_IDLE_DAYS is over, and not before',
  ],
  TRUSTED_SESSION_MAX_DAYS: [
    'limits-of-time',
    'a session of a trusted device that was opened TRUSTED_SESSION_MAX_DAYS ago is over, and not before',
  ],
  TRUST_IDLE_DAYS: ['devices', 'of a device whose %s is %s ago makes a sign-in end in %s'],
  TRUST_MAX_DAYS: ['devices', 'of a device whose %s is %s ago makes a sign-in end in %s'],
  RESET_HOLD_HOURS: ['password-resets', 'mail is held for RESET_HOLD_HOURS, and no longer'],
  REPORTS_PER_CHALLENGE: ['support-report', 'are at most REPORTS_PER_CHALLENGE for a challenge'],
  REPORTS_PER_ACCOUNT_HOUR: [
    'support-report',
    'are at most REPORTS_PER_ACCOUNT_HOUR, and there is one again when the oldest is an hour old',
  ],
  TRUSTED_DEVICES: ['devices', 'in one more device than TRUSTED_DEVICES takes the place of the one unused longest'],
  DEVICES: ['devices', 'outlasts the room that a device more than DEVICES needs: an untrusted one goes first'],
  ACTIVITY_DAYS: ['activity', 'sign-in activity is kept for ACTIVITY_DAYS'],
  EVENTS_DAYS: ['feed', 'is lost once what came next was kept for EVENTS_DAYS, and good where nothing came'],
  ENDED_DAYS: ['limits-of-time', 'what has ended is kept for ENDED_DAYS, and not longer'],
  UNUSED_SESSION_SECONDS: [
    'limits-of-time',
    'a session that a code opened and nobody used is over after UNUSED_SESSION_SECONDS, and its device with it',
  ],
  ANSWER_SECONDS: ['answers', 'is cut off after ANSWER_SECONDS, whatever else it sends, and not before'],
  WS_INIT_SECONDS: [
    'limits-of-sockets',
    'that opens it comes within WS_INIT_SECONDS; what is open stays open after that',
  ],
  WS_PAYLOAD_BYTES: ['limits-of-sockets', 'has WS_PAYLOAD_BYTES bytes, and one more closes it with 1009'],
  WS_SUBSCRIPTIONS: ['websocket', 'and carries ten subscriptions: the eleventh is refused, and the others go on'],
  WS_MESSAGES_PER_MINUTE: ['websocket', 'with 1008 if it sends more messages than it may'],
  WS_SOCKETS_PER_SESSION: ['websocket', 'of its session: the fourth is told to try again later'],
  WS_ANONYMOUS_SOCKETS_PER_IP: ['websocket', 'of its network while nobody has signed in on it'],
  WS_RECHECK_SECONDS: ['limits-of-sockets', 'is closed within WS_RECHECK_SECONDS, though nobody says anything'],
  PRESENCE_SECONDS: [
    'limits-of-time',
    'a presence that is not renewed is void after three times PRESENCE_SECONDS, and not before',
  ],
  SMTP_GREETING_SECONDS: ['mail-transport', 'a mail server is given %s for its %s, and not more'],
  SMTP_ENVELOPE_SECONDS: ['mail-transport', 'a mail server is given %s for its %s, and not more'],
  SMTP_DATA_SECONDS: ['mail-transport', 'a mail server is given %s for its %s, and not more'],
  RECEIPT_SECONDS: ['returns', 'after RECEIPT_SECONDS, and until then it is'],
  CONFIRM_TRIES_BEFORE_PAUSE: [
    'confirm-actions',
    'are CONFIRM_TRIES_BEFORE_PAUSE in a row, then nothing is confirmed for a while, and sign-ins go on',
  ],
  CONFIRMS_PER_ACCOUNT_HOUR: [
    'confirm-actions',
    'are asked for CONFIRMS_PER_ACCOUNT_HOUR times, and sign-ins are not counted among them',
  ],
  CONFIRM_MAILS_PER_ACCOUNT_HOUR: [
    'confirm-actions',
    'are mailed CONFIRM_MAILS_PER_ACCOUNT_HOUR times, and then there is no method',
  ],
  HANDOVER_SECONDS: ['hand-overs', 'is good for HANDOVER_SECONDS, and no longer'],
  KEYS_PER_CLIENT: [
    'admin-clients',
    'rotate gives a client KEYS_PER_CLIENT keys that work, and end takes away the older one',
  ],
  KEY_FAILURES_PER_IP_HOUR: [
    'wrong-keys',
    'are KEY_FAILURES_PER_IP_HOUR from one network, and a right key works all the same',
  ],
  UNPROVEN_MAILS_DAY: [
    'held-changes',
    'is mailed UNPROVEN_MAILS_DAY times a day to one address, whoever of a client it is for',
  ],
  ADDRESS_CHANGES_DAY: [
    'subjects',
    'changes the address ADDRESS_CHANGES_DAY times a day, to the same again as often as one likes',
  ],
  VETO_FAILURES_PER_IP_HOUR: [
    'held-changes',
    'wrong codes of one network are VETO_FAILURES_PER_IP_HOUR, and a right one works all the same',
  ],
  CHECK_KEEP_SECONDS: ['checks', 'may be kept for CHECK_KEEP_SECONDS, and no longer than the session lasts by itself'],
  FEEDS_PER_CLIENT: ['endpoint', 'of a client is one of FEEDS_PER_CLIENT, and of another client none of its'],
  ACCESS_TOKEN_SECONDS: [
    'access-tokens',
    'is good for ACCESS_TOKEN_SECONDS, and no longer than its session lasts by itself',
  ],
  WEBHOOKS_PER_CLIENT: ['admin-clients', 'add takes %s, and not one more'],
  WEBHOOK_SECONDS: ['webhooks', 'has WEBHOOK_SECONDS to answer, and not more'],
  WEBHOOK_DAYS: ['webhooks', 'is tried for WEBHOOK_DAYS, and not longer'],
  AUDIENCES: ['admin-clients', 'add takes %s, and not one more'],
  GRAPHQL_TOKENS: ['document-rules', 'hold its length'],
  GRAPHQL_DEPTH: ['document-rules', 'hold its depth'],
  GRAPHQL_ALIASES: ['document-rules', 'hold its aliases'],
  GRAPHQL_OBJECT_ALIASES: ['document-rules', 'hold its aliases of what leads to objects'],
};

test('every number of the table has a test at its bound', () => {
  expect(Object.keys(boundaryTests).sort()).toEqual(Object.keys(limitTable).sort());
  const missing = Object.entries(boundaryTests).filter(([, [file, title]]) => !isTestThere(file, title));
  expect(missing).toEqual([]);
});

test('codes have CODE_DIGITS and OPEN_CODE_DIGITS digits, and fewer or more are none', async () => {
  await using servers = await Servers.start({ limits: { CODE_DIGITS: 7, OPEN_CODE_DIGITS: 9 } });
  const phone = servers.stranger();
  const signUp = asA('Challenge', await phone.signUp());
  const mailed = await servers.mailbox.code(phone.owner.email);
  expect([signUp.codeLength, mailed.length]).toEqual([9, 9]);
  for (const code of [mailed.slice(0, -1), `${mailed}0`]) {
    await expect(phone.verify(signUp, code)).rejects.toThrow('must be 9 digits');
  }
  asA('SignedIn', await phone.verify(signUp, mailed));

  await phone.turnOnTwoStep();
  const laptop = phone.another('Laptop');
  const signIn = await laptop.challenged();
  const shown = await codeShownOn(phone, signIn);
  expect([signIn.codeLength, shown.length]).toEqual([7, 7]);
  for (const code of [shown.slice(0, -1), `0${shown}`]) {
    await expect(laptop.verify(signIn, code)).rejects.toThrow('must be 7 digits');
  }
  asA('SignedIn', await laptop.verify(signIn, shown));
});
