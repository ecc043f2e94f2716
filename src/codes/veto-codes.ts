import { createHmac } from 'node:crypto';
import { UnknownCodeKey } from './codes.js';
import type { CodeKey } from './keys.js';

/** 66 bits: whoever guesses needs no bound, so that no stranger's guesses can use one up against the owner. */
export const VETO_DIGITS = 20;

/** What a change that waits keeps so that its code can be derived again. */
export interface VetoSource {
  readonly id: string;
  readonly keyId: string;
  readonly salt: Uint8Array;
}

/** The code by which a mailbox takes a change back that waits: HMAC-SHA-256 under the key, modulo 10^20, zeros in front. */
export function vetoCodeOf(key: CodeKey, { id, salt }: VetoSource): string {
  const idBytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  if (idBytes.length !== 16) throw new RangeError('the id of a change is a UUID');
  if (salt.length !== 32) throw new RangeError('a salt has 32 bytes');
  const mac = createHmac('sha256', key.secret).update('veto').update(idBytes).update(salt).digest('hex');
  return (BigInt(`0x${mac}`) % 10n ** BigInt(VETO_DIGITS)).toString().padStart(VETO_DIGITS, '0');
}

/** Derives these codes with the keys of `CODE_KEYS`. */
export class VetoCodes {
  private readonly keys: ReadonlyMap<string, CodeKey>;

  constructor(keys: readonly CodeKey[]) {
    this.keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** @throws UnknownCodeKey */
  of(change: VetoSource): string {
    const key = this.keys.get(change.keyId);
    if (!key) throw new UnknownCodeKey(change.keyId);
    return vetoCodeOf(key, change);
  }

  /** The same where a key that is gone makes every code wrong. */
  find(change: VetoSource): string | null {
    const key = this.keys.get(change.keyId);
    return key ? vetoCodeOf(key, change) : null;
  }
}
