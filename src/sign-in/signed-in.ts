import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../accounts/account.types.js';
import { Device } from '../devices/device.types.js';
import type { Devices } from '../devices/devices.js';
import type { Admitted } from './admissions.js';
import { SignedIn } from './sign-in.types.js';

/** What a device that was let in is answered, read after the commit. */
export async function signedIn(em: EntityManager, devices: Devices, admitted: Admitted): Promise<SignedIn> {
  const { account, deviceId, deviceToken, opened } = admitted;
  const device = await devices.find(em, account.id, deviceId);
  if (!device) throw new Error('the device was removed while it signed in');
  return new SignedIn({
    account: new Account(account, { deviceId, isTrusted: device.isTrusted }),
    device: new Device(device, deviceId),
    sessionToken: opened.token,
    sessionExpiresAt: opened.expiresAt,
    deviceToken,
  });
}
