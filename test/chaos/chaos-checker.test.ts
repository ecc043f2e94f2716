import { describe, expect, test } from '@jest/globals';
import { findViolations } from './checker.js';
import type { Operation } from './history.js';
import { evidenceOf, type Told, tellStory, type Writable } from './story.js';
import type { Change, Records, TableName } from './tables.js';
import type { Promised } from './violation.js';

// The checker is held to what it says: a story with nothing wrong in it, and each violation planted in it.

type Plant = (told: Told) => void;

/** Changes what was written of a row, from its first version on or from a later one. */
function rewrite<Table extends TableName>(
  table: Table,
  id: string,
  columns: Partial<Records[Table]>,
  from: (row: Records[Table]) => boolean = () => true,
): Plant {
  return ({ changes }) => {
    let isReached = false;
    for (const change of versionsOf(changes, table, id)) {
      if (isReached) Object.assign(change.before ?? {}, columns);
      isReached ||= from(change.after as unknown as Records[Table]);
      if (isReached) Object.assign(change.after, columns);
    }
  };
}

/** Adds a version of a row, in a transaction of its own or in one that is there. */
function add<Table extends TableName>(
  table: Table,
  id: string,
  columns: Partial<Records[Table]>,
  transaction = 'planted',
): Plant {
  return ({ changes }) => {
    const before = versionsOf(changes, table, id).at(-1)?.after ?? null;
    const change = {
      table,
      before,
      after: { ...before, id, ...columns },
      seq: changes.length + 1,
      transaction,
      at: 2000,
    };
    changes.push(change as unknown as Writable<Change>);
  };
}

function versionsOf(changes: Told['changes'], table: TableName, id: string): Told['changes'] {
  return changes.filter((change) => change.table === table && 'id' in change.after && change.after.id === id);
}

/** Changes the last operation of a kind. */
function retell(kind: Operation['kind'], change: (operation: Writable<Operation>) => void): Plant {
  return ({ history }) => change(last(history.operations.filter((candidate) => candidate.kind === kind)));
}

/** Adds an operation, after all the others unless it says when. */
function ask(asked: Pick<Operation, 'kind' | 'sent' | 'got'> & Partial<Operation>): Plant {
  const common = { email: 'ada@example.com', deviceName: 'any', invokedAt: 1500, answeredAt: 1520, outcome: 'ok' };
  return ({ history }) => void history.operations.push({ ...common, ...asked } as Writable<Operation>);
}

/** Writes one more entry of the activity. */
function writes(type: string): Plant[] {
  return [
    add('activity', 'entry-16', { accountId: 'ada', number: 16, type, deviceName: 'any' }),
    add('account', 'ada', { activityCount: 16 }),
  ];
}

/** Opens one more session on a tablet, as nobody knows whether it was asked for. */
function enters(columns: Partial<Records['session']>): Plant[] {
  const kind = columns.challengeId ? 'verifyCode' : 'signIn';
  const session = { accountId: 'ada', deviceId: 'tablet', tokenHash: 'tablet-1', challengeId: null };
  return [
    add('device', 'tablet', { accountId: 'ada', name: 'tablet', trustedAt: null, removedAt: null }),
    add('session', 'of-tablet', { ...session, createdAt: 2000, lastUsedAt: 2000, endedAt: null, ...columns }),
    ...writes('SIGNED_IN'),
    ask({ kind, outcome: 'unknown', sent: { challengeId: columns.challengeId ?? 'tablet-in' }, got: { answer: '' } }),
  ];
}

/** Opens one more challenge. */
function isAsked(id: string, columns: Partial<Records['challenge']>): Plant[] {
  const challenge = { state: 'PENDING', tries: 0, sends: 1, epoch: 3, codeGivenAt: null, endedAt: null };
  const times = { createdAt: 1800, expiresAt: 46_800 };
  return [
    add('challenge', id, { ...challenge, ...times, email: 'bob@example.com', ...columns }),
    add('delivery', `of-${id}`, { challengeId: id, method: 'APP', state: 'QUEUED' }, 'planted before'),
  ];
}

function last<T>(values: readonly T[]): T {
  const value = values.at(-1);
  if (value === undefined) throw new Error('the story has no such thing');
  return value;
}

const socketOf = ({ history }: Told, device: string) =>
  last(history.sockets.filter(({ deviceName }) => deviceName === device));

/** What is planted, by its name: what must be found, and how it is planted. */
const planted: Readonly<Record<string, readonly [readonly Promised[], ...Plant[]]>> = {
  'a second session of one challenge': [
    ['a challenge opens one session', 'every session has a cause that holds'],
    ...enters({ reason: 'VERIFIED_CHALLENGE', challengeId: 'laptop-in' }),
  ],
  'a verified challenge without a session': [
    ['a challenge opens one session'],
    ...isAsked('orphan', { purpose: 'SIGN_UP', accountId: null, state: 'VERIFIED' }),
  ],
  'a session on a device that is not trusted': [
    ['every session has a cause that holds'],
    ...enters({ reason: 'TRUSTED_DEVICE' }),
  ],
  'a session on a device that was removed': [
    ['every session has a cause that holds'],
    ...enters({ reason: 'NO_SECOND_STEP', deviceId: 'laptop' }),
  ],
  'a session without a second step while it is on': [
    ['every session has a cause that holds'],
    ...enters({ reason: 'NO_SECOND_STEP' }),
  ],
  'a session of a challenge that was denied': [
    ['every session has a cause that holds'],
    ...enters({ reason: 'VERIFIED_CHALLENGE', challengeId: 'tablet-in' }),
  ],
  'a session of a challenge under an epoch that is over': [
    ['every session has a cause that holds'],
    rewrite('challenge', 'laptop-in', { epoch: 0 }),
  ],
  "a session of another account's challenge": [
    ['every session has a cause that holds'],
    ...isAsked('bobs', { purpose: 'SIGN_IN', accountId: 'bob', state: 'VERIFIED', codeGivenAt: 1900 }),
    ...enters({ reason: 'VERIFIED_CHALLENGE', challengeId: 'bobs' }),
  ],
  'a session of a challenge whose code nobody was given': [
    ['every session has a cause that holds'],
    rewrite('challenge', 'laptop-in', { codeGivenAt: null }),
  ],
  'a session of a challenge that had expired': [
    ['every session has a cause that holds'],
    rewrite('challenge', 'laptop-in', { expiresAt: 600 }),
  ],
  'a sixth try': [['what has ended stays ended'], rewrite('challenge', 'tablet-in', { tries: 6 })],
  'a try on a challenge that is over': [
    ['what has ended stays ended'],
    add('challenge', 'sign-up', { tries: 2 }),
    ask({ kind: 'verifyCode', outcome: 'unknown', sent: { challengeId: 'sign-up', code: '0' }, got: { answer: '' } }),
  ],
  'a denied challenge that is cancelled after all': [
    ['what has ended stays ended', 'what was answered has happened'],
    add('challenge', 'tablet-in', { state: 'CANCELLED' }),
  ],
  'a session that comes back': [
    ['what has ended stays ended', 'what ends sessions ends all of them'],
    add('session', 'of-laptop-1', { endedAt: null }),
  ],
  'a device that comes back': [
    ['what has ended stays ended', 'what was answered has happened'],
    add('device', 'laptop', { removedAt: null }),
  ],
  'an epoch that falls': [['what has ended stays ended'], add('account', 'ada', { epoch: 1 })],
  'a code that was compared and not counted': [
    ['a try is counted before a code is compared'],
    ask({
      kind: 'verifyCode',
      outcome: 'refused',
      sent: { challengeId: 'tablet-in', code: '000000' },
      got: { answer: 'WrongCode' },
    }),
    ...writes('WRONG_CODE'),
  ],
  'a try that is not counted on the account': [
    ['a try is counted before a code is compared'],
    rewrite('account', 'ada', { codeFailures: 0 }),
  ],
  'a wrong code that got in': [
    ['a wrong code opens nothing'],
    retell('verifyCode', ({ sent }) => Object.assign(sent, { code: '123456' })),
  ],
  'the code of another challenge that got in': [
    ['a wrong code opens nothing'],
    retell('verifyCode', ({ sent }) => Object.assign(sent, { code: '444444' })),
  ],
  'a right code that was refused': [
    ['a code that was given out is right'],
    ask({
      kind: 'verifyCode',
      invokedAt: 590,
      answeredAt: 595,
      outcome: 'refused',
      sent: { challengeId: 'laptop-in', code: '333333' },
      got: { answer: 'WrongCode' },
    }),
    rewrite('challenge', 'laptop-in', { tries: 3 }, ({ state }) => state === 'VERIFIED'),
    ...writes('WRONG_CODE'),
  ],
  'a request that is shown with a wrong code': [
    ['a code that was given out is right'],
    (told) => void Object.assign(socketOf(told, 'phone').events[0] ?? {}, { code: '999999' }),
  ],
  'a code that is shown although the request is over': [
    ['a code that was given out is right'],
    (told) => void Object.assign(socketOf(told, 'phone').events[1] ?? {}, { code: '333333' }),
  ],
  'a password that was replaced and is taken': [
    ['only the password in force is taken'],
    ask({
      kind: 'disableTwoStep',
      sent: { session: 'phone-2', password: 'first' },
      got: { answer: 'TwoStepDisabled' },
    }),
    add('device', 'phone', { trustedAt: null }),
  ],
  'a password that nobody ever set and is taken': [
    ['only the password in force is taken'],
    retell('signIn', ({ sent }) => Object.assign(sent, { password: 'third' })),
  ],
  'a session that outlived the removal of its device': [
    ['what ends sessions ends all of them'],
    rewrite('session', 'of-laptop-2', { endedAt: null }),
  ],
  'trust that outlived a change of password': [
    ['what ends sessions ends all of them'],
    add('device', 'tablet', { accountId: 'ada', name: 'tablet', trustedAt: 700, removedAt: null }),
    ...writes('DEVICE_TRUSTED'),
  ],
  'a sign-in that outlived the removal of a device': [
    ['what ends sessions ends all of them'],
    ...isAsked('old', { purpose: 'SIGN_IN', accountId: 'ada', email: 'ada@example.com', createdAt: 690 }),
    ask({ kind: 'signIn', outcome: 'unknown', sent: { password: 'first' }, got: { answer: 'no answer' } }),
  ],
  'a request that is served to a session which has ended': [
    ['nothing is served to a session that has ended'],
    ask({ kind: 'viewer', sent: { session: 'laptop-1' }, got: { answer: 'Done' } }),
  ],
  'a request that is served to a token which was replaced': [
    ['nothing is served to a session that has ended'],
    ask({ kind: 'viewer', sent: { session: 'phone-1' }, got: { answer: 'Done' } }),
  ],
  'an event long after the removal': [
    ['no event goes to a device that was removed'],
    (told) =>
      socketOf(told, 'laptop').events.push({ at: 1900, challengeId: 'laptop-in', state: 'VERIFIED', code: null }),
  ],
  'an event of something that came after the removal': [
    ['no event goes to a device that was removed'],
    rewrite('challenge', 'tablet-in', { createdAt: 821 }),
    (told) => socketOf(told, 'laptop').events.push({ at: 830, challengeId: 'tablet-in', state: 'DENIED', code: null }),
  ],
  'a socket that stays open': [
    ['the sockets of a session that has ended are closed'],
    (told) => void Object.assign(socketOf(told, 'laptop'), { closedAt: null }),
  ],
  'a socket that is closed late': [
    ['the sockets of a session that has ended are closed'],
    (told) => void Object.assign(socketOf(told, 'laptop'), { closedAt: 4900 }),
  ],
  'a mail that waits for ever': [
    ['every mail is sent or given up'],
    rewrite('delivery', 'notice-4', { state: 'RETRYING' }),
  ],
  'a mail that was sent and that nobody has': [
    ['a mail that was sent was taken'],
    ({ history }) =>
      void history.mails.splice(
        history.mails.findIndex(({ deliveryId }) => deliveryId === 'notice-4'),
        1,
      ),
  ],
  'a mail that comes twice with two codes': [
    ['a mail sent twice is the same mail'],
    ({ history }) => history.mails.push({ at: 726, to: '', deliveryId: 'mail-3', code: '555555', isTaken: true }),
  ],
  'a mail that is taken more often than twice': [
    ['a mail whose fate is unknown is sent once more'],
    ({ history }) => {
      for (const at of [726, 727]) {
        history.mails.push({ at, to: '', deliveryId: 'mail-3', code: '444444', isTaken: true });
      }
    },
  ],
  'a mail of which there is no row': [
    ['what was answered has happened'],
    ({ history }) => history.mails.push({ at: 726, to: '', deliveryId: 'mail-9', code: null, isTaken: true }),
  ],
  'a code that is mailed long after the end': [
    ['no code is mailed for a challenge that is over'],
    ({ history }) => history.mails.push({ at: 70_000, to: '', deliveryId: 'mail-3', code: '444444', isTaken: true }),
  ],
  'a sign-in that is not in the activity': [
    ['every event makes one entry of the activity'],
    rewrite('activity', 'entry-10', { type: 'WRONG_PASSWORD' }),
  ],
  'a removal that is in the activity twice': [
    ['every event makes one entry of the activity', 'what was refused has not happened'],
    ...writes('DEVICE_REMOVED'),
  ],
  'a number of the activity that is missing': [
    ['every event makes one entry of the activity'],
    add('account', 'ada', { activityCount: 16 }),
  ],
  'a wrong code that is not in the activity': [
    ['every event makes one entry of the activity'],
    rewrite('activity', 'entry-7', { type: 'WRONG_PASSWORD' }),
  ],
  'a denial that nobody was told of': [
    ['every security event is mailed'],
    rewrite('delivery', 'notice-2', { notice: 'NEW_DEVICE' }),
  ],
  'a session that was answered and is not there': [
    ['what was answered has happened'],
    retell('signIn', ({ got }) => Object.assign(got, { challengeId: 'nowhere' })),
  ],
  'an acknowledgement that was lost': [
    ['what was answered has happened'],
    ({ changes }) =>
      void changes.splice(
        changes.findIndex(({ table }) => table === 'display'),
        1,
      ),
  ],
  'a removal that was lost': [
    ['what was answered has happened', 'every event makes one entry of the activity'],
    rewrite('device', 'laptop', { removedAt: null }),
  ],
  'a password that was changed although that was refused': [
    ['what was refused has not happened'],
    retell('changePassword', (operation) =>
      Object.assign(operation, { outcome: 'refused', got: { answer: 'OVERLOADED' } }),
    ),
  ],
  'a send that was answered and is not there': [
    ['what was answered has happened'],
    ask({
      kind: 'sendCode',
      sent: { challengeId: 'tablet-in' },
      got: { answer: 'Challenge', challengeId: 'tablet-in' },
    }),
  ],
  'a send that was refused and is there': [
    ['what was refused has not happened'],
    retell('sendCode', (operation) =>
      Object.assign(operation, { outcome: 'refused', got: { answer: 'ResendTooSoon' } }),
    ),
  ],
  'half a send: counted, and never written': [
    ['what was answered has happened'],
    rewrite('challenge', 'set-up', { sends: 2 }),
    ask({ kind: 'sendCode', outcome: 'unknown', sent: { challengeId: 'set-up' }, got: { answer: 'no answer' } }),
  ],
  'somebody who follows a challenge and is not told of its end': [
    ['a challenge is followed to its end'],
    ({ history }) => void history.watches[0]?.states.pop(),
  ],
  'a stream that is completed before its challenge is over': [
    ['a challenge is followed to its end'],
    ({ history }) => history.watches.push({ challengeId: 'waiting', states: ['PENDING'], isCompleted: true }),
    ...isAsked('waiting', { purpose: 'SIGN_UP', accountId: null }),
  ],
  'a server that ends by itself': [
    ['a process runs until it is told to stop'],
    ({ history }) =>
      history.exits.push({ process: 'server 1', at: 500, wasAsked: false, code: null, afterMs: 0, lastWords: '' }),
  ],
  'a server that does not end when it is told to': [
    ['a process runs until it is told to stop'],
    ({ history }) =>
      history.exits.push({ process: 'server 1', at: 500, wasAsked: true, code: 1, afterMs: 9500, lastWords: '' }),
  ],
};

describe('the checker', () => {
  test('finds nothing wrong where nothing is', () => {
    expect(findViolations(evidenceOf(tellStory()))).toEqual([]);
  });

  test.each(Object.entries(planted))('finds %s, and nothing else', (_name, [promises, ...plants]) => {
    const told = tellStory();
    for (const plant of plants) plant(told);
    const found = findViolations(evidenceOf(told));
    expect(new Set(found.map(({ promise }) => promise))).toEqual(new Set(promises));
  });
});
