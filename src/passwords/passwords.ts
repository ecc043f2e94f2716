import { hash, type Options, verify } from '@node-rs/argon2';
import type { Limits } from '../config/limits.js';
import { HashSlots } from './hash-slots.js';

/** argon2id; the package's own enum is `const` and cannot be imported under `isolatedModules`. */
const ARGON2ID = 2;

/** Who asks for a hash: a device that the account knows has slots of its own, which strangers cannot fill. */
export type Asker = 'STRANGER' | 'KNOWN_DEVICE';

/**
 * Hashes and compares passwords with argon2id (RFC 9106; OWASP Password Storage Cheat Sheet), off the event loop.
 * Passwords are compared after Unicode normalisation NFKC (NIST SP 800-63B-4 3.1.1.2).
 */
export class Passwords {
  private readonly options: Options;
  private readonly slots: Record<Asker, HashSlots>;

  private constructor(
    limits: Limits,
    private readonly decoyHash: string,
  ) {
    this.options = optionsOf(limits);
    const slots = () => new HashSlots(limits.HASHES_AT_ONCE, limits.HASHES_WAITING);
    this.slots = { STRANGER: slots(), KNOWN_DEVICE: slots() };
  }

  /** Makes the hash that stands in for an account that does not exist, under the costs in force. */
  static async create(limits: Limits): Promise<Passwords> {
    return new Passwords(limits, await hash('no account has this hash', optionsOf(limits)));
  }

  /** @throws Overloaded */
  hash(password: string, asker: Asker): Promise<string> {
    return this.slots[asker].run(() => hash(password.normalize('NFKC'), this.options));
  }

  /**
   * Whether the password is the one behind the hash. Without a hash the same work is done, and the answer is no.
   * @throws Overloaded
   */
  async matches(passwordHash: string | null, password: string, asker: Asker): Promise<boolean> {
    const matches = await this.slots[asker].run(() =>
      verify(passwordHash ?? this.decoyHash, password.normalize('NFKC')),
    );
    return matches && passwordHash !== null;
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
