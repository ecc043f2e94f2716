import { randomUUID } from 'node:crypto';
import type { Answer, Client, Sender } from './client.js';
import type { Mailbox } from './mailbox.js';
import * as operations from './operations.js';
import { type Account, asA, type Challenge, type DeviceFields, type LoginRequest, type Outcome } from './outcomes.js';
import type { Subscription } from './subscription.js';

/** Strong enough for the estimate, and nobody's. */
export const PASSWORD = 'quartz-lantern-92-orbit';

/** Whose account it is: a random address, so that tests never meet. */
export interface Owner {
  readonly email: string;
  readonly password: string;
}

/** Somebody with an address that nobody has used yet. */
export function newOwner(): Owner {
  return { email: `${randomUUID()}@example.com`, password: PASSWORD };
}

/** One device of one owner, with what it keeps between requests: its session, its device token. */
export class Handset {
  sessionToken: string | null = null;
  deviceToken: string | null = null;

  constructor(
    readonly client: Client,
    readonly mailbox: Mailbox,
    readonly owner: Owner,
    readonly name = 'Phone',
  ) {}

  /** Another device of the same owner, that nobody knows yet. */
  another(name: string, client = this.client): Handset {
    return new Handset(client, this.mailbox, this.owner, name);
  }

  /** The same device, tokens included, talking to another server or in another tab. */
  twin(client = this.client): Handset {
    const twin = new Handset(client, this.mailbox, this.owner, this.name);
    twin.sessionToken = this.sessionToken;
    twin.deviceToken = this.deviceToken;
    return twin;
  }

  /** Sends a document with the session of this device. */
  graphql<T>(query: string, variables: Record<string, unknown> = {}, sender: Sender = {}): Promise<Answer<T>> {
    return this.client.graphql<T>(query, variables, { token: this.sessionToken, ...sender });
  }

  /** The `result` of a document that must succeed. */
  async ask<T = Outcome>(query: string, variables: Record<string, unknown> = {}, sender: Sender = {}): Promise<T> {
    const { result } = await this.client.data<{ result: T }>(query, variables, { token: this.sessionToken, ...sender });
    return result;
  }

  signUp(password = this.owner.password): Promise<Outcome> {
    return this.ask(operations.SIGN_UP, { input: { ...this.owner, password, device: this.description } });
  }

  /** Keeps the tokens where it is let in. */
  async signIn({ password = this.owner.password, device = {} as Record<string, unknown> } = {}): Promise<Outcome> {
    const outcome = await this.ask(operations.SIGN_IN, {
      input: { ...this.owner, password, device: { ...this.description, ...device }, deviceToken: this.deviceToken },
    });
    return this.keep(outcome);
  }

  /** Signs in, and must be asked for a code. */
  async challenged(): Promise<Challenge> {
    return asA('Challenge', await this.signIn());
  }

  /** Keeps the tokens where it is let in. */
  async verify({ token }: { token: string }, code: string, trustDevice?: boolean): Promise<Outcome> {
    return this.keep(await this.ask(operations.VERIFY_CODE, { token, code, trustDevice }));
  }

  sendCode({ token }: { token: string }, method: 'APP' | 'EMAIL'): Promise<Outcome> {
    return this.ask(operations.SEND_CODE, { token, method });
  }

  startTwoStepSetup(): Promise<Outcome> {
    return this.ask(operations.START_TWO_STEP_SETUP);
  }

  enableTwoStep({ token }: { token: string }, code: string): Promise<Outcome> {
    return this.ask(operations.ENABLE_TWO_STEP, { token, code });
  }

  /** Turns two-step verification on with the code that the mailbox receives. */
  async turnOnTwoStep(): Promise<void> {
    const challenge = asA('Challenge', await this.startTwoStepSetup());
    asA('TwoStepEnabled', await this.enableTwoStep(challenge, await this.mailbox.code(this.owner.email)));
  }

  async signOut(): Promise<number> {
    const { sessionsEnded } = await this.ask<{ sessionsEnded: number }>(operations.SIGN_OUT);
    return sessionsEnded;
  }

  report(input: Record<string, unknown>): Promise<DeviceFields> {
    return this.ask(operations.UPDATE_CURRENT_DEVICE, { input });
  }

  acknowledge(request: { id: string }): Promise<LoginRequest> {
    return this.ask(operations.ACKNOWLEDGE, { id: request.id });
  }

  deny(request: { id: string }): Promise<LoginRequest> {
    return this.ask(operations.DENY, { id: request.id });
  }

  /** Null once the session is over. */
  viewer(): Promise<Account | null> {
    return this.ask(operations.VIEWER);
  }

  /** What the challenge's holder reads of it now. */
  challenge({ token }: { token: string }): Promise<Challenge> {
    return this.ask(operations.CHALLENGE, { token });
  }

  /** The live codes, on a socket of its own. */
  loginRequests(): Subscription<LoginRequest> {
    return this.client.subscribe(operations.LOGIN_REQUESTS, {}, { token: this.sessionToken });
  }

  /** The challenge as it changes, on a socket of its own. */
  challengeChanges({ token }: { token: string }): Subscription<Challenge> {
    return this.client.subscribe(operations.CHALLENGE_CHANGES, { token }, { token: this.sessionToken });
  }

  private get description() {
    return { name: this.name, platform: 'LINUX' };
  }

  /** Keeps the tokens where it was let in. */
  keep(outcome: Outcome): Outcome {
    if (outcome.__typename === 'SignedIn') {
      this.sessionToken = outcome.sessionToken;
      this.deviceToken = outcome.deviceToken;
    }
    return outcome;
  }
}
