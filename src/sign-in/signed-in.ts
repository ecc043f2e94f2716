import { Account } from '../accounts/account.types.js';
import { Unauthenticated } from '../api/errors.js';
import { Device } from '../devices/device.types.js';
import type { Admitted } from './admissions.js';
import { SignedIn } from './sign-in.types.js';

/** What a device that was let in is answered, once its transaction is committed. @throws Unauthenticated */
export async function signedIn(admitted: Admitted): Promise<SignedIn> {
  const { account, deviceId, deviceToken } = admitted;
  const [device, opened] = await Promise.all([admitted.device, admitted.opened]);
  if (!device) throw new Unauthenticated();
  const expiry = opened.expiry(account.twoStepEnabledAt ? device.trust : null);
  return new SignedIn({
    account: new Account(account, { deviceId, isTrusted: device.isTrusted }),
    device: new Device(device, deviceId),
    sessionToken: opened.token,
    sessionExpiresAt: expiry.until,
    sessionExpiresInSeconds: expiry.seconds,
    deviceToken,
  });
}
