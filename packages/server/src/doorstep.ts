import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { Endpoint, type EndpointOptions } from './endpoint.js';
import { type FeedOptions, readFeed } from './feed.js';
import { FeedLine } from './feed-line.js';
import { KeptChecks } from './kept-checks.js';
import {
  checkSession,
  type EventPage,
  type EventType,
  type FeedEvent,
  type LiveSession,
  putSubject,
  readEvents,
  readSubject,
  redeemReceipt,
  redeemReturn,
  type Subject,
  startVerification,
  type Verified,
} from './operations.js';
import { type OnProblem, Problems } from './problems.js';
import { isAccessToken, isId, isReceipt, isReturnCode, isSessionToken } from './tokens.js';
import {
  type ConfirmOptions,
  confirmationInputOf,
  type ExternalId,
  inputOf,
  type StartedVerification,
  type SubjectOptions,
  textOf,
  type VerifyOptions,
} from './verifications.js';

const MOST_KEPT = 10_000;

/** Where Doorstep is, and how much of it this process keeps. */
export interface DoorstepOptions extends EndpointOptions {
  /**
   * Keeps answers of checks for as long as Doorstep allows, by a feed of its own (the key needs the scope `events`): off
   * unless said. `most`: how many, 10 000 unless said; the one used longest ago makes room.
   */
  readonly keepChecks?: boolean | { readonly most?: number };
  /**
   * Told, once until it works again, when Doorstep cannot be asked and nothing is thrown to anybody: the feed connects
   * again, a middleware answers 503. Without it, `process.emitWarning`.
   */
  readonly onProblem?: OnProblem;
}

/** What goes with a check. */
export interface CheckOptions {
  /** From which address the person came just now, so that their list of devices says where they were last. */
  readonly usedFrom?: string | null | undefined;
}

/** Which page of the feed. */
export interface PageOptions {
  /** The cursor of the page before; without it, from the oldest event that is kept. */
  readonly after?: string | null;
  /** How many at most, 1 to 500; 100 unless said. */
  readonly first?: number;
  readonly types?: readonly EventType[];
}

/** Doorstep, as a product's backend asks it. One for each process. */
export class Doorstep implements AsyncDisposable {
  private readonly endpoint: Endpoint;
  private readonly kept: KeptChecks | null = null;
  private readonly line: FeedLine | null = null;
  /** @internal */
  readonly problems: Problems;

  /** @throws TypeError for options that cannot be meant */
  constructor({ keepChecks = false, onProblem, ...where }: DoorstepOptions) {
    this.endpoint = new Endpoint(where);
    this.problems = new Problems(onProblem);
    if (!keepChecks) return;
    const { most = MOST_KEPT } = keepChecks === true ? {} : keepChecks;
    if (!Number.isInteger(most) || most < 1) throw new TypeError('keepChecks.most: expected a whole number');
    this.kept = new KeptChecks(most);
    this.line = this.openLine(this.kept);
  }

  /**
   * Who is signed in by a token: that of a session, or an access token.
   * @returns null for nobody, any more, or nobody of yours, and for what cannot be a token
   * @throws DoorstepError where Doorstep cannot be asked: neither signed in nor signed out
   */
  async check(token: string | null | undefined, { usedFrom }: CheckOptions = {}): Promise<LiveSession | null> {
    if (!token) return null;
    const from = addressOf(usedFrom);
    if (isSessionToken(token)) {
      // Whoever reads this process's memory finds no token that was not in use.
      const key = createHash('sha256').update(token).digest('base64');
      return this.answer(key, from, { token, usedFrom: from });
    }
    // One is an answer by itself, and ends when it says.
    return isAccessToken(token) ? this.ask({ token, usedFrom: from }) : null;
  }

  /** The same by the id of a session, such as your own session remembers it. */
  async checkId(id: string | null | undefined, { usedFrom }: CheckOptions = {}): Promise<LiveSession | null> {
    if (!id || !isId(id)) return null;
    const from = addressOf(usedFrom);
    return this.answer(id.toLowerCase(), from, { id, usedFrom: from });
  }

  /**
   * Exchanges the code with which a person came back from Doorstep's pages for the session behind it: once, by whoever
   * made the state. Keep its id in your own session, and ask by that (`checkId`); its token stays with the person.
   * @param code as it came: whatever the address says
   * @param state as you have kept it for that browser, never as the address says it
   * @returns null where the code is wrong, used, too old, or another state's; then let the person sign in again
   * @throws DoorstepError
   */
  async redeemReturn(code: unknown, state: string | null | undefined): Promise<LiveSession | null> {
    if (typeof code !== 'string' || !isReturnCode(code) || !state) return null;
    const { redeemReturn: redeemed } = await this.endpoint.send(redeemReturn, { code, state });
    if (redeemed.__typename !== 'LiveSession') return null;
    const { __typename, ...session } = redeemed;
    return Object.freeze(session);
  }

  /**
   * One of the people that you hold, as Doorstep knows them. Read the `epoch` before you compare the password, and hand it
   * to `verify`: whatever ended their trust meanwhile then shows.
   * @returns null where Doorstep was never told of them, or knows them no more
   * @throws DoorstepError
   */
  async subject(externalId: ExternalId): Promise<Subject | null> {
    const { person } = await this.endpoint.read(readSubject, { externalId: textOf(externalId) });
    return person;
  }

  /** Tells Doorstep of one of your people, or of another address or language of theirs. Safe to repeat. @throws DoorstepError */
  async putSubject({ externalId, email, locale }: SubjectOptions): Promise<Subject> {
    // Read, in that it may be asked again: the same once more changes nothing.
    const { putSubject: put } = await this.endpoint.read(putSubject, {
      input: { externalId: textOf(externalId), email, locale: locale ?? null },
    });
    return put;
  }

  /**
   * Starts the second step for somebody whose first you have proven. Nothing is sent yet: hand the `challengeToken` to the
   * person's device, which begins by itself. Let nobody in by this answer but where it is `TwoStepOff`; then there is no second
   * step. Safe to repeat with the same `requestId` and options.
   * @throws DoorstepError where Doorstep cannot be asked: whoever has a second step is not let in then
   */
  async verify(options: VerifyOptions): Promise<StartedVerification> {
    const { startVerification: started } = await this.endpoint.read(startVerification, { input: inputOf(options) });
    return started;
  }

  /**
   * Asks for a code that stands for an action, word for word. As `verify`, for somebody who is signed in.
   * @throws DoorstepError `BAD_USER_INPUT` also for words that may not be shown: line breaks, invisible characters
   */
  async confirm(options: ConfirmOptions): Promise<StartedVerification> {
    const { startVerification: started } = await this.endpoint.read(startVerification, {
      input: confirmationInputOf(options),
    });
    return started;
  }

  /**
   * What the person's device handed to you becomes a proof: once, for the verification that you started.
   * @param requestId from your own session of that browser, never from what the browser says
   * @param receipt as it came
   * @returns null where it is wrong, used, too old, or another verification's; then nothing is proven. The `action` of one
   *   that is proven says what to do, whatever the browser says
   * @throws DoorstepError
   */
  async redeem(requestId: string | null | undefined, receipt: unknown): Promise<Verified | null> {
    if (!requestId || typeof receipt !== 'string' || !isReceipt(receipt)) return null;
    const { redeemReceipt: redeemed } = await this.endpoint.send(redeemReceipt, { requestId, receipt });
    if (redeemed.__typename !== 'Verified') return null;
    const { __typename, ...verified } = redeemed;
    return Object.freeze(verified);
  }

  /**
   * What happens to your people, at least once, an account's events in order. It goes on by itself after whatever breaks.
   * Keep the `cursor` of what you have dealt with, and begin with it the next time.
   * @throws DoorstepError `CURSOR_LOST`: what came after that cursor cannot be told any more, so read anew what you hold
   */
  feed(options: FeedOptions = {}): AsyncGenerator<FeedEvent, void, undefined> {
    return readFeed(this.endpoint, options, this.problems);
  }

  /** The feed page by page, for whoever holds no socket. @throws DoorstepError */
  async readEvents({ after, first = 100, types }: PageOptions = {}): Promise<EventPage> {
    const { events } = await this.endpoint.read(readEvents, { after: after ?? null, first, types: types ?? null });
    return events;
  }

  /** Anything else of backend.graphql, sent once. @throws DoorstepError */
  graphql<Data = Record<string, unknown>>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    return this.endpoint.send<Data, Record<string, unknown>>({ query }, variables);
  }

  /** Ends its own feed, and keeps nothing any more. Feeds that were asked for end by their signal. */
  async close(): Promise<void> {
    this.line?.close();
    this.kept?.broke();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private answer(key: string, usedFrom: string | null, asked: Asked): Promise<LiveSession | null> {
    const ask = () => this.ask(asked);
    return this.kept ? this.kept.answer(key, usedFrom, ask) : ask();
  }

  private async ask({ token, id, usedFrom }: Asked): Promise<LiveSession | null> {
    const variables = { token: token ?? null, id: id ?? null, usedFrom };
    const { session } = await this.endpoint.read(checkSession, variables);
    this.problems.over('checks');
    // One object may go to many.
    return session && Object.freeze(session);
  }

  private openLine(kept: KeptChecks): FeedLine {
    const line = new FeedLine(
      this.endpoint,
      { resumes: false },
      {
        event: ({ type, occurredAt, accountId }) => {
          if (accountId !== null) kept.happened(accountId);
          else if (type === 'HEARTBEAT') kept.beat(Date.parse(occurredAt));
          this.problems.over('kept checks');
        },
        broke: (error, failures) => {
          kept.broke();
          if (failures > 1) this.problems.tell('kept checks', error);
        },
      },
    );
    line.open();
    return line;
  }
}

/** Doorstep at an address, asked with the key of an API client. @throws TypeError for options that cannot be meant */
export function doorstep(options: DoorstepOptions): Doorstep {
  return new Doorstep(options);
}

interface Asked {
  readonly token?: string;
  readonly id?: string;
  readonly usedFrom: string | null;
}

/** @throws TypeError for what is no address: nobody comes from there */
function addressOf(usedFrom: string | null | undefined): string | null {
  if (usedFrom === null || usedFrom === undefined) return null;
  // Which of this machine's interfaces it came by is no part of where it came from.
  const [address = ''] = usedFrom.split('%');
  if (isIP(address) === 0) throw new TypeError('usedFrom: expected an IPv4 or IPv6 address');
  return address;
}
