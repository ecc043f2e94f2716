import type { History, Operation } from './history.js';
import { type Change, type Records, type TableName, Tables } from './tables.js';
import type { Evidence } from './violation.js';

/** What a story leaves, open to be tampered with. */
export interface Told {
  readonly changes: Writable<Change>[];
  readonly codes: Map<string, string>;
  readonly history: Writable<History>;
}

export type Writable<T> = { -readonly [Name in keyof T]: T[Name] extends object | null ? Writable<T[Name]> : T[Name] };

const EMAIL = 'ada@example.com';

/** What the checker is to make of it. */
export function evidenceOf({ changes, codes, history }: Told): Evidence {
  const terms = { challengeTries: 5, unusedSessionMs: 60_000, recheckMs: 3000, healedAt: 20_000, readAt: 25_000 };
  return { history: history as History, tables: new Tables(changes as Change[], codes), terms };
}

/**
 * A short life of an account as the tables and the clients would tell it, with nothing wrong in it: Ada signs up on her
 * phone, turns two-step verification on, lets her laptop in after a wrong code, denies a tablet, removes the laptop and
 * changes her password. Moments are milliseconds.
 */
export function tellStory(): Told {
  const story = new Story();
  story.signUp();
  story.turnOnTwoStep();
  story.letLaptopIn();
  story.denyTablet();
  story.removeLaptop();
  story.changePassword();
  return story.told;
}

class Story {
  readonly told: Told = {
    changes: [],
    codes: new Map([
      ['sign-up', '11111111'],
      ['set-up', '22222222'],
      ['laptop-in', '333333'],
      ['tablet-in', '444444'],
    ]),
    history: { operations: [], sockets: [], watches: [], mails: [], faults: [], exits: [] },
  };
  private readonly rows = new Map<string, object>();
  private transactions = 0;
  private entries = 0;

  signUp(): void {
    this.asked('signUp', 100, 120, { password: 'first' }, { answer: 'Challenge', challengeId: 'sign-up' });
    this.commit(110, () => {
      this.openChallenge(110, 'sign-up', { accountId: null, purpose: 'SIGN_UP', epoch: null });
      this.deliver(110, 'mail-1', { challengeId: 'sign-up' });
    });
    this.mail(150, 'mail-1', 'sign-up');
    const sent = { challengeId: 'sign-up', code: '11111111' };
    this.asked('verifyCode', 200, 240, sent, { answer: 'SignedIn', session: 'phone-1', deviceId: 'phone' });
    this.commit(210, () => this.set('challenge', 'sign-up', { tries: 1 }));
    this.commit(220, () => {
      this.set('account', 'ada', {
        email: EMAIL,
        epoch: 0,
        passwordHash: 'first',
        twoStepEnabledAt: null,
        codeFailures: 0,
        activityCount: 0,
      });
      this.enter('SIGNED_UP');
      this.set('challenge', 'sign-up', { state: 'VERIFIED', endedAt: 220 });
      this.openSession(220, 'phone', 'phone-1', 'sign-up');
    });
  }

  turnOnTwoStep(): void {
    const session = 'phone-1';
    this.asked('startTwoStepSetup', 300, 320, { session }, { answer: 'Challenge', challengeId: 'set-up' });
    this.commit(310, () => {
      this.openChallenge(310, 'set-up', { accountId: 'ada', purpose: 'ENABLE_TWO_STEP', epoch: 0 });
      this.deliver(310, 'mail-2', { challengeId: 'set-up' });
      this.enter('CODE_REQUESTED');
    });
    this.mail(330, 'mail-2', 'set-up');
    this.asked(
      'enableTwoStep',
      350,
      380,
      { session, challengeId: 'set-up', code: '22222222' },
      { answer: 'TwoStepEnabled' },
    );
    this.commit(355, () => this.set('challenge', 'set-up', { tries: 1 }));
    this.commit(365, () => {
      this.set('challenge', 'set-up', { state: 'VERIFIED', endedAt: 365 });
      this.set('account', 'ada', { epoch: 1 });
      this.set('account', 'ada', { twoStepEnabledAt: 365 });
      this.set('device', 'phone', { trustedAt: 365 });
      this.enter('TWO_STEP_ENABLED');
      this.enter('DEVICE_TRUSTED');
      this.deliver(365, 'notice-1', { accountId: 'ada', notice: 'TWO_STEP_ENABLED', facts: { deviceName: 'phone' } });
    });
    this.mail(370, 'notice-1', null);
    this.listens('phone', 'phone-1', 400);
  }

  letLaptopIn(): void {
    this.asked('signIn', 500, 520, { password: 'first' }, { answer: 'Challenge', challengeId: 'laptop-in' });
    this.commit(510, () => {
      this.openChallenge(510, 'laptop-in', { accountId: 'ada', purpose: 'SIGN_IN', epoch: 1 });
      this.deliver(510, 'app-1', { challengeId: 'laptop-in', method: 'APP' });
      this.enter('CODE_REQUESTED');
    });
    this.commit(525, () => this.set('challenge', 'laptop-in', { codeGivenAt: 525 }));
    this.shown(530, 'laptop-in', 'PENDING', '333333');
    const acknowledged = { session: 'phone-1', challengeId: 'laptop-in' };
    this.asked('acknowledgeLoginRequest', 540, 550, acknowledged, { answer: 'Done', state: 'PENDING' });
    this.commit(545, () =>
      this.set('display', 'laptop-in phone', { challengeId: 'laptop-in', deviceId: 'phone', seenAt: 545 }),
    );
    this.told.history.watches.push({ challengeId: 'laptop-in', states: ['PENDING', 'VERIFIED'], isCompleted: true });
    this.asked(
      'verifyCode',
      560,
      580,
      { challengeId: 'laptop-in', code: '000000' },
      { answer: 'WrongCode' },
      'refused',
    );
    this.commit(565, () => {
      this.set('account', 'ada', { codeFailures: 1 });
      this.set('challenge', 'laptop-in', { tries: 1 });
    });
    this.commit(570, () => this.enter('WRONG_CODE'));
    const right = { challengeId: 'laptop-in', code: '333333' };
    this.asked('verifyCode', 600, 640, right, { answer: 'SignedIn', session: 'laptop-1', deviceId: 'laptop' });
    this.commit(605, () => {
      this.set('account', 'ada', { codeFailures: 2 });
      this.set('challenge', 'laptop-in', { tries: 2 });
    });
    this.commit(620, () => {
      this.set('challenge', 'laptop-in', { state: 'VERIFIED', endedAt: 620 });
      this.set('account', 'ada', { codeFailures: 0 });
      this.openSession(620, 'laptop', 'laptop-1', 'laptop-in');
      this.set('device', 'laptop', { trustedAt: 620 });
      this.enter('DEVICE_TRUSTED');
    });
    this.shown(630, 'laptop-in', 'VERIFIED', null);
    this.listens('laptop', 'laptop-1', 650);
    this.asked(
      'signIn',
      660,
      680,
      { password: 'first' },
      { answer: 'SignedIn', session: 'laptop-2', deviceId: 'laptop' },
    );
    this.commit(670, () => this.openSession(670, 'laptop', 'laptop-2', null));
  }

  denyTablet(): void {
    this.asked('signIn', 700, 710, { password: 'first' }, { answer: 'Challenge', challengeId: 'tablet-in' });
    this.commit(705, () => {
      this.openChallenge(705, 'tablet-in', { accountId: 'ada', purpose: 'SIGN_IN', epoch: 1 });
      this.deliver(705, 'app-2', { challengeId: 'tablet-in', method: 'APP' });
      this.enter('CODE_REQUESTED');
    });
    this.asked('sendCode', 712, 720, { challengeId: 'tablet-in' }, { answer: 'Challenge', challengeId: 'tablet-in' });
    this.commit(715, () => {
      this.set('challenge', 'tablet-in', { sends: 2 });
      this.deliver(715, 'mail-3', { challengeId: 'tablet-in' });
      this.enter('CODE_REQUESTED');
    });
    this.mail(725, 'mail-3', 'tablet-in');
    const denied = { session: 'phone-1', challengeId: 'tablet-in' };
    this.asked('denyLoginRequest', 740, 760, denied, { answer: 'Done', state: 'DENIED' });
    this.commit(750, () => {
      this.set('challenge', 'tablet-in', { state: 'DENIED', endedAt: 750 });
      this.enter('LOGIN_DENIED');
      this.deliver(750, 'notice-2', { accountId: 'ada', notice: 'LOGIN_DENIED', facts: { deviceName: 'tablet' } });
    });
    this.mail(755, 'notice-2', null);
  }

  removeLaptop(): void {
    this.asked('removeDevice', 800, 820, { session: 'phone-1', deviceId: 'laptop' }, { answer: 'DeviceRemoved' });
    this.commit(810, () => {
      this.set('account', 'ada', { epoch: 2 });
      this.set('session', 'of-laptop-1', { endedAt: 810 });
      this.set('session', 'of-laptop-2', { endedAt: 810 });
      this.set('device', 'laptop', { removedAt: 810, trustedAt: null });
      this.enter('DEVICE_REMOVED');
      this.deliver(810, 'notice-3', { accountId: 'ada', notice: 'DEVICE_REMOVED', facts: { deviceName: 'laptop' } });
    });
    this.mail(815, 'notice-3', null);
    for (const socket of this.told.history.sockets.filter(({ deviceName }) => deviceName === 'laptop'))
      socket.closedAt = 840;
  }

  changePassword(): void {
    const sent = { session: 'phone-1', password: 'first', newPassword: 'second', signsOutOthers: true };
    this.asked('changePassword', 900, 920, sent, { answer: 'PasswordChanged', session: 'phone-2' });
    this.commit(910, () => {
      this.set('account', 'ada', { epoch: 3 });
      this.set('account', 'ada', { passwordHash: 'second' });
      this.set('session', 'of-phone-1', { tokenHash: 'phone-2' });
      this.enter('PASSWORD_CHANGED');
      this.deliver(910, 'notice-4', { accountId: 'ada', notice: 'PASSWORD_CHANGED', facts: { deviceName: 'phone' } });
    });
    this.mail(915, 'notice-4', null);
    this.asked('viewer', 950, 960, { session: 'phone-2' }, { answer: 'Done' });
  }

  private asked(
    kind: Operation['kind'],
    invokedAt: number,
    answeredAt: number,
    sent: Operation['sent'],
    got: Operation['got'],
    outcome: Operation['outcome'] = 'ok',
  ): void {
    const operation = { kind, email: EMAIL, deviceName: 'any', invokedAt, answeredAt, outcome, sent, got };
    this.told.history.operations.push(operation);
  }

  private commit(at: number, work: () => void): void {
    this.transactions += 1;
    const before = this.told.changes.length;
    work();
    for (const change of this.told.changes.slice(before)) change.at = at;
  }

  /** Inserts a row, or changes columns of it. */
  private set<Table extends TableName>(table: Table, id: string, columns: Partial<Records[Table]>): void {
    const key = `${table} ${id}`;
    const before = this.rows.get(key) ?? null;
    const after = { ...(before ?? (table === 'display' ? {} : { id })), ...columns };
    this.rows.set(key, after);
    const seq = this.told.changes.length + 1;
    const change = { table, before, after, seq, transaction: String(this.transactions), at: 0 };
    this.told.changes.push(structuredClone(change) as unknown as Writable<Change>);
  }

  private openChallenge(
    at: number,
    id: string,
    { accountId, purpose, epoch }: Pick<Records['challenge'], 'accountId' | 'purpose' | 'epoch'>,
  ): void {
    this.set('challenge', id, {
      accountId,
      purpose,
      epoch,
      state: 'PENDING',
      tries: 0,
      sends: 1,
      email: EMAIL,
      codeGivenAt: null,
      createdAt: at,
      expiresAt: at + 45_000,
      endedAt: null,
    });
  }

  private openSession(at: number, deviceId: string, tokenHash: string, challengeId: string | null): void {
    if (!this.rows.has(`device ${deviceId}`)) {
      this.set('device', deviceId, { accountId: 'ada', name: deviceId, trustedAt: null, removedAt: null });
    }
    this.set('session', `of-${tokenHash}`, {
      accountId: 'ada',
      deviceId,
      tokenHash,
      reason: challengeId ? 'VERIFIED_CHALLENGE' : 'TRUSTED_DEVICE',
      challengeId,
      createdAt: at,
      lastUsedAt: at,
      endedAt: null,
    });
    this.enter('SIGNED_IN');
  }

  private enter(type: string): void {
    this.entries += 1;
    this.set('account', 'ada', { activityCount: this.entries });
    this.set('activity', `entry-${this.entries}`, { accountId: 'ada', number: this.entries, type, deviceName: 'any' });
  }

  private deliver(at: number, id: string, columns: Partial<Records['delivery']>): void {
    this.set('delivery', id, {
      challengeId: null,
      accountId: null,
      method: 'EMAIL',
      notice: null,
      facts: null,
      state: 'QUEUED',
      failure: null,
      isWithheld: false,
      claimedUntil: null,
      createdAt: at,
      ...columns,
    });
  }

  /** A worker sends a mail, and the mail server takes it. */
  private mail(at: number, deliveryId: string, challengeId: string | null): void {
    const code = challengeId && (this.told.codes.get(challengeId) ?? null);
    if (challengeId) this.commit(at - 5, () => this.set('challenge', challengeId, { codeGivenAt: at - 5 }));
    this.told.history.mails.push({ at, to: EMAIL, deliveryId, code, isTaken: true });
    this.commit(at + 5, () => this.set('delivery', deliveryId, { state: 'SENT' }));
  }

  private listens(deviceName: string, session: string, openedAt: number): void {
    this.told.history.sockets.push({
      email: EMAIL,
      deviceName,
      session,
      openedAt,
      closedAt: null,
      closeCode: null,
      events: [],
    });
  }

  private shown(at: number, challengeId: string, state: string, code: string | null): void {
    this.told.history.sockets[0]?.events.push({ at, challengeId, state, code });
  }
}
