import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../support/client.js';
import { Handset } from '../support/handset.js';
import { Mailbox } from '../support/mailbox.js';
import type { MoodyMailServer } from '../support/moody-mail-server.js';
import * as operations from '../support/operations.js';
import type { Challenge, LoginRequest } from '../support/outcomes.js';
import * as owner from '../support/owner.js';
import { type Answered, type Asked, ask, sessionOf } from './caller.js';
import type { OperationKind, Recorder, Sent } from './history.js';
import type { Person } from './person.js';
import type { Luck } from './random.js';
import type { Listener, Streams } from './streams.js';

/** What a device may do next, and how often. */
const steps = {
  enter: 20,
  answer: 34,
  guess: 9,
  resend: 7,
  enterAsNew: 7,
  look: 6,
  haunt: 5,
  remove: 4,
  removeItself: 1,
  signOut: 3,
  signOutOthers: 1,
  changePassword: 3,
  mistypePassword: 1,
  reset: 1,
  turnOnTwoStep: 10,
  turnOffTwoStep: 1,
  giveUp: 2,
} as const;
type Step = keyof typeof steps;

/** What all devices share. */
export interface World {
  readonly client: Client;
  readonly streams: Streams;
  readonly mailServer: MoodyMailServer;
  readonly recorder: Recorder;
}

/** One device of a person and what it does: a step after the other, as luck has it. */
export class Gadget {
  private handset: Handset;
  private incarnations = 0;
  private deviceId: string | null = null;
  private open: { readonly challenge: Challenge; readonly since: number } | null = null;
  private listener: Listener | null = null;
  private readonly reactions = new Set<Promise<unknown>>();

  constructor(
    private readonly world: World,
    private readonly person: Person,
    private readonly nth: number,
    private readonly luck: Luck,
  ) {
    this.handset = this.newHandset();
  }

  /** Goes on until it is told to stop, then ends what it is at. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await sleep(this.luck.number(10, 500), undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) break;
      if (this.person.hasAccount !== false) await this[this.luck.weighted<Step>(steps)]();
      else if (this.nth === 0) await this.signUp();
      this.keepListening();
    }
    await Promise.all(this.reactions);
  }

  /** Gets an account, and turns two-step verification on. */
  private async signUp(): Promise<void> {
    const { password } = this.person;
    const since = performance.now();
    const { answered } = await this.ask('signUp', { password }, () => this.handset.signUp(password));
    if (answered?.__typename !== 'Challenge') return;
    const typed = await this.type('verifyCode', answered, since, (code) => this.handset.verify(answered, code));
    if (typed?.operation.outcome === 'ok') this.person.hasAccount = true;
    if (typed?.operation.outcome === 'unknown') this.person.hasAccount = null;
    if (this.handset.sessionToken) await this.turnOnTwoStep();
  }

  private async enter(): Promise<void> {
    if (this.open && this.luck.percent(75)) return this.answer();
    const { password } = this.person;
    const since = performance.now();
    const { answered } = await this.ask('signIn', { password }, () => this.handset.signIn({ password }));
    await this.settle(answered);
    if (answered?.__typename === 'InvalidCredentials') this.refused();
    else if (answered) this.person.hasAccount = true;
    if (answered?.__typename !== 'Challenge') return;
    this.open = { challenge: answered, since };
    if (this.luck.percent(40)) this.world.streams.follow(answered);
  }

  /** The password in mind is not the one, or the sign-up had come to nothing. */
  private refused(): void {
    if (this.person.hasAccount === null) this.person.hasAccount = false;
    else this.person.tryAnother();
  }

  /** Types the code, now and then several times at once, or with another beside it. */
  private async answer(): Promise<void> {
    const { open } = this;
    if (!open) return this.handset.sessionToken ? this.look() : this.enter();
    this.open = null;
    const { challenge, since } = open;
    const copies = this.luck.percent(30) ? this.luck.number(2, 4) : 1;
    const trustDevice = this.luck.percent(80);
    const typed: Promise<unknown>[] = Array.from({ length: copies }, () =>
      this.type('verifyCode', challenge, since, (code) => this.handset.verify(challenge, code, trustDevice)),
    );
    if (this.luck.percent(15)) typed.push(this.guessOnce(challenge));
    await Promise.all(typed);
  }

  private async guess(): Promise<void> {
    const { open } = this;
    if (!open) return this.enter();
    await Promise.all(Array.from({ length: this.luck.number(1, 3) }, () => this.guessOnce(open.challenge)));
  }

  /** A code at random, or one of another challenge. */
  private async guessOnce(challenge: Challenge): Promise<void> {
    const { id, codeLength } = challenge;
    const others = this.world.mailServer.attempts.filter((mail) => mail.code?.length === codeLength);
    const other = others.length > 0 && this.luck.percent(50) ? this.luck.of(others).code : null;
    const code = other ?? this.luck.digits(codeLength);
    const { answered } = await this.ask('verifyCode', { challengeId: id, code }, () =>
      this.handset.verify(challenge, code),
    );
    await this.settle(answered);
  }

  private async resend(): Promise<void> {
    const { open } = this;
    if (!open) return this.enter();
    const { challenge, since } = open;
    const method = this.luck.of(['APP', 'EMAIL'] as const);
    const { answered } = await this.ask('sendCode', { challengeId: challenge.id }, () =>
      this.handset.sendCode(challenge, method),
    );
    if (answered?.__typename === 'Challenge') this.open = { challenge: answered, since };
  }

  /** The same hand on a device that nobody has seen before; the old one lies in a drawer. */
  private async enterAsNew(): Promise<void> {
    this.bury();
    await this.enter();
  }

  private async look(): Promise<void> {
    if (!this.handset.sessionToken) return this.enter();
    const viewer = await this.askAsOwner('viewer', {}, () => this.handset.viewer() as Promise<Viewer | null>);
    for (const { id } of viewer?.devices ?? []) this.person.deviceIds.add(id);
  }

  /** Somebody has a copy of what should open nothing any more, or only with a code. */
  private async haunt(): Promise<void> {
    if (this.person.droppedTokens.length === 0) return this.look();
    const { session, device } = this.luck.of(this.person.droppedTokens);
    const ghost = this.handset.another(`${this.handset.name}-ghost`);
    ghost.sessionToken = session;
    ghost.deviceToken = device;
    if (session !== null && this.luck.percent(60)) {
      await this.ask('viewer', sessionOf(session), () => ghost.viewer() as Promise<Viewer | null>, ghost);
    } else {
      const { password } = this.person;
      await this.ask('signIn', { password }, () => ghost.signIn({ password }), ghost);
    }
  }

  private async remove(): Promise<void> {
    const others = [...this.person.deviceIds].filter((id) => id !== this.deviceId);
    if (!this.handset.sessionToken || others.length < 3) return this.look();
    await this.removeDevice(this.luck.of(others));
  }

  private async removeItself(): Promise<void> {
    if (!this.handset.sessionToken || !this.deviceId) return this.enter();
    if (await this.removeDevice(this.deviceId)) this.bury();
  }

  private async removeDevice(id: string): Promise<boolean> {
    const request = () => owner.removeDevice(this.handset, id) as Promise<Answered>;
    const removed = await this.askAsOwner('removeDevice', { deviceId: id }, request);
    if (removed) this.person.deviceIds.delete(id);
    return removed !== null;
  }

  private async signOut(): Promise<void> {
    const { sessionToken: session } = this.handset;
    if (!session) return this.enter();
    const ended = await this.askAsOwner('signOut', {}, () => this.handset.ask<Answered>(operations.SIGN_OUT));
    if (!ended) return;
    this.person.droppedTokens.push({ session, device: null });
    this.handset.sessionToken = null;
  }

  private async signOutOthers(): Promise<void> {
    if (!this.handset.sessionToken) return this.enter();
    await this.askAsOwner('signOutOtherSessions', {}, () => this.handset.ask<Answered>(owner.SIGN_OUT_OTHERS));
  }

  private async changePassword(): Promise<void> {
    const { sessionToken: session } = this.handset;
    if (!session) return this.enter();
    const newPassword = this.person.newPassword();
    const password = this.luck.percent(90) ? this.person.password : mistyped(this.person.password);
    const signsOutOthers = this.luck.percent(50);
    const { answered, operation } = await this.ask(
      'changePassword',
      { password, newPassword, signsOutOthers, ...sessionOf(session) },
      () =>
        owner.changePassword(this.handset, newPassword, {
          currentPassword: password,
          signOutOtherDevices: signsOutOthers,
        }),
    );
    this.forgetSession(operation, session);
    this.person.remember(newPassword, operation);
    if (answered?.__typename === 'PasswordChanged') this.person.droppedTokens.push({ session, device: null });
  }

  private async mistypePassword(): Promise<void> {
    const password = mistyped(this.person.password);
    await this.ask('signIn', { password }, () => this.handset.signIn({ password }));
  }

  private async reset(): Promise<void> {
    const since = performance.now();
    const { answered } = await this.ask('requestPasswordReset', {}, () => owner.requestReset(this.handset));
    if (!answered) return;
    const newPassword = this.person.newPassword();
    const reset = (code: string) => owner.resetPassword(this.handset, answered, code, newPassword);
    const typed = await this.type('resetPassword', answered, since, reset, { newPassword });
    if (typed) this.person.remember(newPassword, typed.operation);
  }

  private async turnOnTwoStep(): Promise<void> {
    const { sessionToken } = this.handset;
    if (!sessionToken) return this.enter();
    const since = performance.now();
    const started = await this.askAsOwner('startTwoStepSetup', {}, () => this.handset.startTwoStepSetup());
    if (started?.__typename !== 'Challenge') return;
    if (this.luck.percent(40)) this.world.streams.follow(started);
    const enable = (code: string) => this.handset.enableTwoStep(started, code);
    await this.type('enableTwoStep', started, since, enable, sessionOf(sessionToken));
  }

  private async turnOffTwoStep(): Promise<void> {
    if (!this.handset.sessionToken || this.luck.percent(75)) return this.enter();
    const { password } = this.person;
    await this.askAsOwner('disableTwoStep', { password }, () => owner.disableTwoStep(this.handset, password));
  }

  private async giveUp(): Promise<void> {
    this.open = null;
  }

  /** Waits for the code of a challenge and types it. @returns null if none came */
  private async type<T extends Answered>(
    kind: OperationKind,
    challenge: Challenge,
    since: number,
    send: (code: string) => Promise<T>,
    sent: Sent = {},
  ): Promise<Asked<T> | null> {
    const code = await this.person.codeOf(challenge, since);
    if (code === null) return null;
    const asked = await this.ask(kind, { ...sent, challengeId: challenge.id, code }, () => send(code));
    await this.settle(asked.answered);
    return asked;
  }

  /** After a sign-in: the tokens are kept by the handset itself. */
  private async settle(answered: Answered | null): Promise<void> {
    if (answered?.__typename !== 'SignedIn' || !answered.device) return;
    this.deviceId = answered.device.id;
    this.person.deviceIds.add(answered.device.id);
    // A session that nobody uses is taken for one whose answer was lost.
    await this.look();
  }

  /** Asks with the session. */
  private async askAsOwner<T extends Answered | null>(
    kind: OperationKind,
    sent: Sent,
    request: () => Promise<T>,
  ): Promise<T | null> {
    const { sessionToken } = this.handset;
    const { answered, operation } = await this.ask(kind, { ...sent, ...sessionOf(sessionToken) }, request);
    this.forgetSession(operation, sessionToken);
    return answered;
  }

  /** A session that is over opens nothing, and the device signs in again. */
  private forgetSession({ got }: Asked<unknown>['operation'], session: string | null): void {
    if (got.answer !== 'UNAUTHENTICATED' || this.handset.sessionToken !== session) return;
    this.person.droppedTokens.push({ session, device: this.handset.deviceToken });
    this.handset.sessionToken = null;
  }

  private ask<T extends Answered | null>(
    kind: OperationKind,
    sent: Sent,
    request: () => Promise<T>,
    { name: deviceName } = this.handset,
  ): Promise<Asked<T>> {
    return ask(this.world.recorder, { kind, email: this.person.email, deviceName, sent }, request);
  }

  private bury(): void {
    const { sessionToken: session, deviceToken: device } = this.handset;
    if (session || device) this.person.droppedTokens.push({ session, device });
    this.listener?.leave();
    this.listener = null;
    this.handset = this.newHandset();
    this.deviceId = null;
    this.open = null;
  }

  private newHandset(): Handset {
    this.incarnations += 1;
    const { email } = this.person;
    const name = `${email.slice(0, email.indexOf('@'))}-${this.nth}-${this.incarnations}`;
    return new Handset(this.world.client, unread, { email, password: '' }, name);
  }

  /** A signed-in device listens most of the time; the server ends that where it is not trusted. */
  private keepListening(): void {
    const { sessionToken: token, name: deviceName } = this.handset;
    if (this.listener?.token === token && !this.listener?.isOver) return;
    const wasEnded = this.listener?.token === token;
    this.listener?.leave();
    const wants = token !== null && this.luck.percent(wasEnded ? 10 : 70);
    const onRequest = (request: LoginRequest) => this.react(request);
    this.listener = wants
      ? this.world.streams.listen({ email: this.person.email, deviceName, token, onRequest })
      : null;
  }

  /** The person looks at a prompt, and may answer it. */
  private react({ id, state, code }: LoginRequest): void {
    if (state !== 'PENDING' || code === null) return;
    this.person.see(id, code);
    const isAcknowledged = this.luck.percent(35);
    const isDenied = this.luck.percent(4);
    if (!isAcknowledged && !isDenied) return;
    const [kind, document] = isDenied
      ? (['denyLoginRequest', operations.DENY] as const)
      : (['acknowledgeLoginRequest', operations.ACKNOWLEDGE] as const);
    const reaction = this.askAsOwner(kind, { challengeId: id }, () => this.handset.ask<Answered>(document, { id }));
    const noted = reaction.finally(() => this.reactions.delete(noted));
    this.reactions.add(noted);
  }
}

type Viewer = Answered & { readonly devices: readonly { readonly id: string }[] };

/** Where a code stands the person knows. */
const unread = new Mailbox({ onMail: () => () => {} });

function mistyped(password: string): string {
  return `${password}?`;
}
