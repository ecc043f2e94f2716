import { surroundings } from '../places/client-network.js';
import type { Share } from './hash-slots.js';

/** Who asks for a hash or a judgement. A device that the account knows has slots of its own, which strangers cannot fill. */
export interface Asker {
  readonly kind: 'STRANGER' | 'KNOWN_DEVICE';
  readonly share: Share;
}

/** Strangers of one site share its turn. */
export function stranger(ipAddress: string): Asker {
  const { home, site } = surroundings(ipAddress);
  return { kind: 'STRANGER', share: { group: site, member: home } };
}

/** Devices of one account share its turn. */
export function knownDevice(email: string, deviceId: string): Asker {
  return { kind: 'KNOWN_DEVICE', share: { group: email, member: deviceId } };
}
