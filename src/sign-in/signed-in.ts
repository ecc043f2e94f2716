import { Account } from '../accounts/account.types.js';
import { Unauthenticated } from '../api/errors.js';
import { Device } from '../devices/device.types.js';
import { AccountSession } from '../sessions/session.types.js';
import type { Admitted } from './admissions.js';
import { SignedIn } from './sign-in.types.js';

/** What a device that was let in is answered, once its transaction is committed. @throws Unauthenticated */
export async function signedIn(admitted: Admitted): Promise<SignedIn> {
  const { account, deviceId, deviceToken } = admitted;
  const [device, opened] = await Promise.all([admitted.device, admitted.opened]);
  if (!device) throw new Unauthenticated();
  const { session, token } = opened;
  const expiry = opened.expiry(account.twoStepEnabledAt ? device.trust : null);
  const signedInDevice = new Device(device, deviceId);
  return new SignedIn({
    account: new Account(account, { id: session.id, deviceId, isTrusted: device.isTrusted }),
    device: signedInDevice,
    session: new AccountSession({ ...session, expiry }, signedInDevice, true),
    sessionToken: token,
    sessionExpiresAt: expiry.until,
    sessionExpiresInSeconds: expiry.seconds,
    deviceToken,
  });
}
