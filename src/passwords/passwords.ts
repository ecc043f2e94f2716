import { randomBytes } from 'node:crypto';
import { hash, type Options, verify } from '@node-rs/argon2';
import type { Limits } from '../config/limits.js';
import type { Asker } from './asker.js';
import { HashSlots } from './hash-slots.js';
import { normalisedPassword } from './password-text.js';

/** argon2id; the package's own enum is `const` and cannot be imported under `isolatedModules`. */
const ARGON2ID = 2;

/** Salt and output of a decoy, random and as long as argon2 makes them here. */
const DECOY = [16, 32].map((bytes) => randomBytes(bytes).toString('base64').replaceAll('=', '')).join('$');

/**
 * Hashes and compares passwords with argon2id (RFC 9106; OWASP Password Storage Cheat Sheet), off the event loop, after
 * Unicode normalisation.
 */
export class Passwords {
  private readonly options: Options;
  private readonly slots: Record<Asker['kind'], HashSlots>;

  constructor(limits: Limits) {
    this.options = optionsOf(limits);
    const slots = () => new HashSlots(limits.HASHES_AT_ONCE, limits.HASHES_WAITING);
    this.slots = { STRANGER: slots(), KNOWN_DEVICE: slots() };
  }

  /** @param password one that was judged, so not too long. @throws Overloaded */
  async hash(password: string, asker: Asker): Promise<string> {
    const text = normalisedPassword(password);
    if (text === null) throw new RangeError('a password that is far too long was to be hashed');
    return this.slots[asker.kind].run(() => hash(text, this.options), asker.share);
  }

  /**
   * Whether the password is the one behind the hash. If it is longer than any may be, the same work is done, and the answer
   * is no.
   * @throws Overloaded
   */
  async matches(passwordHash: string, password: string, asker: Asker): Promise<boolean> {
    const text = normalisedPassword(password);
    const matches = await this.slots[asker.kind].run(() => verify(passwordHash, text ?? ''), asker.share);
    return matches && text !== null;
  }

  /**
   * A hash that stands in for that of an account that does not exist: of no password, and as much work to compare as others
   * of these costs.
   * @param costs as a stored hash begins; null where none is stored yet: the costs in force
   */
  decoy(costs: string | null): string {
    const { memoryCost, timeCost, parallelism } = this.options;
    return `${costs ?? `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}`}$${DECOY}`;
  }

  /** Whether a hash was made under lower costs than those in force. */
  isOutdated(passwordHash: string): boolean {
    const { memoryCost = 0, timeCost = 0, parallelism = 0 } = this.options;
    const costs = /\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(passwordHash)?.slice(1).map(Number);
    const [memory = 0, passes = 0, lanes = 0] = costs ?? [];
    return memory < memoryCost || passes < timeCost || lanes < parallelism;
  }
}

function optionsOf(limits: Limits): Options {
  return {
    algorithm: ARGON2ID,
    memoryCost: limits.ARGON2_MEMORY_KIB,
    timeCost: limits.ARGON2_PASSES,
    parallelism: limits.ARGON2_LANES,
  };
}
