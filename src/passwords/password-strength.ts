import type { Tinypool } from 'tinypool';
import type { Text } from '../api/problem.js';
import type { Limits } from '../config/limits.js';
import type { Asker } from './asker.js';
import { HashSlots } from './hash-slots.js';
import { WeakPassword } from './password.types.js';
import type { Estimate, Estimated } from './password-estimate.js';
import { normalisedPassword } from './password-text.js';

/** Of zxcvbn's scores 0 to 4: 3 is "safely unguessable: moderate protection from offline slow-hash scenario". */
const MIN_SCORE = 3;
/** A thread that nobody needs ends after this, and gives back the 90 MiB that it takes; the next one is there in half a second. */
const IDLE_MS = 10_000;

/**
 * Judges new passwords: their length, a list of common ones, words of the account, and an estimate of how hard they are
 * to guess. There are no rules of composition (NIST SP 800-63B-4 3.1.1.2). The estimate takes up to a tenth of a second,
 * so it is made off the event loop: one at a time for strangers, and one for devices that are known.
 */
export class PasswordStrength {
  /** Null until something is judged. */
  private threads: Promise<Tinypool> | null = null;
  private readonly slots: Record<Asker['kind'], HashSlots>;

  constructor(
    private readonly limits: Limits,
    private readonly productName: string,
  ) {
    const slot = () => new HashSlots(1, limits.HASHES_WAITING);
    this.slots = { STRANGER: slot(), KNOWN_DEVICE: slot() };
  }

  /**
   * @returns null if the password is strong enough for the account with this address
   * @throws Overloaded
   */
  async judge(password: string, email: string, asker: Asker): Promise<WeakPassword | null> {
    const text = normalisedPassword(password);
    const { PASSWORD_MIN_LENGTH: min, PASSWORD_MAX_LENGTH: max } = this.limits;
    const length = text === null ? max + 1 : [...text].length;
    if (text === null || length > max) return weak({ key: 'weakPassword.rule.tooLong', values: { count: max } });
    if (length < min) return weak({ key: 'weakPassword.rule.tooShort', values: { count: min } });
    const estimated: Estimated = { text, words: this.wordsOf(email) };
    const estimate: Estimate = await this.slots[asker.kind].run(() => this.estimate(estimated), asker.share);
    return estimate.score >= MIN_SCORE ? null : this.weakBecause(estimate);
  }

  /** Ends the threads; nothing may be judged any more. */
  async close(): Promise<void> {
    await (await this.threads?.catch(() => null))?.destroy();
  }

  private async estimate(estimated: Estimated): Promise<Estimate> {
    this.threads ??= this.openThreads();
    return (await this.threads).run(estimated);
  }

  /** A failure is not kept: where files cannot be opened now, they can be later. */
  private openThreads(): Promise<Tinypool> {
    const threads = openThreads();
    threads.catch(() => {
      this.threads = null;
    });
    return threads;
  }

  private weakBecause({ isOwnWord, isCommon, warning, suggestions }: Estimate): WeakPassword {
    return weak(
      ...(isOwnWord
        ? [{ key: 'weakPassword.rule.accountWords', values: { productName: this.productName } } as const]
        : []),
      ...(isCommon ? [{ key: 'weakPassword.rule.common' } as const] : []),
      ...(warning ? [{ key: `weakPassword.warning.${warning}` } as Text] : []),
      ...suggestions.map((suggestion) => ({ key: `weakPassword.suggestion.${suggestion}` }) as Text),
      { key: 'weakPassword.rule.guessable' },
    );
  }

  private wordsOf(email: string): string[] {
    const [local = '', host = ''] = email.split('@');
    return [email, local, host, ...local.split(/[^\p{L}\p{N}]+/u), ...host.split('.'), this.productName].filter(
      (word) => word.length >= 3,
    );
  }
}

async function openThreads(): Promise<Tinypool> {
  const { Tinypool } = await import('tinypool');
  return new Tinypool({
    filename: new URL('./password-estimate.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: IDLE_MS,
  });
}

function weak(...reasons: Text[]): WeakPassword {
  return new WeakPassword(reasons);
}
