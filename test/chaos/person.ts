import { PASSWORD } from '../support/handset.js';
import type { Attempt, MoodyMailServer } from '../support/moody-mail-server.js';
import type { Challenge } from '../support/outcomes.js';
import { until } from '../support/waiting.js';
import type { Operation } from './history.js';

/** How long somebody looks for a code before giving up. */
const LOOKING_MS = 4_000;

/** The owner of an account: what is known on none of the devices, but in the head, in the mailbox and on the screens. */
export class Person {
  readonly email: string;
  /** The password that is thought to be in force, and those that may be. */
  readonly passwords: string[] = [PASSWORD];
  /** Devices that are thought to be on the account, by their ids. */
  readonly deviceIds = new Set<string>();
  /** Tokens of sessions and devices that are not in use any more. */
  readonly droppedTokens: { readonly session: string | null; readonly device: string | null }[] = [];
  /** As far as is known: `null` where an answer was lost. */
  hasAccount: boolean | null = false;
  private readonly shown = new Map<string, string>();
  private passwordsMade = 0;

  constructor(
    nth: number,
    private readonly mailServer: MoodyMailServer,
  ) {
    this.email = `person-${nth}@example.com`;
  }

  get password(): string {
    return this.passwords[0] ?? PASSWORD;
  }

  /** Makes up a password that nobody ever had. */
  newPassword(): string {
    this.passwordsMade += 1;
    return `${PASSWORD}-${this.passwordsMade}`;
  }

  /** A password was set, or may have been, or was not. */
  remember(password: string, { outcome }: Operation): void {
    if (outcome === 'ok') this.passwords.splice(0, this.passwords.length, password);
    if (outcome === 'unknown') this.passwords.push(password);
  }

  /** The one in mind is not taken: another comes to mind. */
  tryAnother(): void {
    const [first] = this.passwords.splice(0, 1);
    if (first !== undefined) this.passwords.push(first);
  }

  /** A trusted device shows the code of a sign-in. */
  see(challengeId: string, code: string): void {
    this.shown.set(challengeId, code);
  }

  /** The code of a challenge as it is shown on a device or stands in a mail; null if it comes to light in neither. */
  codeOf(challenge: Challenge, since: number): Promise<string | null> {
    const find = () => this.shown.get(challenge.id) ?? this.mailed(challenge, since);
    return until(find, 'the code', LOOKING_MS).catch(() => null);
  }

  /**
   * A mail tells which challenge it is for where its sends may be told; else the newest of that length is tried.
   * @param since `performance.now()`
   */
  private mailed({ deliveries, codeLength }: Challenge, since: number): string | null {
    const ids = deliveries.map(({ id }) => id);
    const mail = this.mailServer
      .triesFor(this.email)
      .findLast(
        (tried) =>
          tried.isTaken &&
          tried.at >= since &&
          (ids.length > 0 ? ids.includes(deliveryIdOf(tried)) : tried.code?.length === codeLength),
      );
    return mail?.code ?? null;
  }
}

/** The delivery that a mail belongs to: its Message-ID has the id. */
export function deliveryIdOf({ messageId }: Pick<Attempt, 'messageId'>): string {
  return messageId.slice(1, messageId.indexOf('@'));
}
