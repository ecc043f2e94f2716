import { Account } from '../accounts/account.types.js';
import { Unauthenticated } from '../api/errors.js';
import { Device } from '../devices/device.types.js';
import type { Devices } from '../devices/devices.js';
import type { Sql } from '../sql/database.js';
import type { Admitted } from './admissions.js';
import { SignedIn } from './sign-in.types.js';

/** What a device that was let in is answered, read after the commit. @throws Unauthenticated */
export async function signedIn(db: Sql, devices: Devices, admitted: Admitted): Promise<SignedIn> {
  const { account, deviceId, deviceToken, opened } = admitted;
  const device = await devices.find(db, account.id, deviceId);
  // Removed since the commit, and its session with it.
  if (!device) throw new Unauthenticated();
  return new SignedIn({
    account: new Account(account, { deviceId, isTrusted: device.isTrusted }),
    device: new Device(device, deviceId),
    sessionToken: opened.token,
    sessionExpiresAt: opened.expiresAt,
    deviceToken,
  });
}
