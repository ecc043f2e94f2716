import type { AccountRow } from '../accounts/account.entity.js';
import { Account } from '../accounts/account.types.js';
import { Unauthenticated } from '../api/errors.js';
import { Device } from '../devices/device.types.js';
import type { SeenDevice } from '../devices/devices.js';
import { AccountSession } from '../sessions/session.types.js';
import type { OpenedSession } from '../sessions/sessions.js';
import type { Wait } from '../texts/times.js';
import type { Admitted } from './admissions.js';
import { SignedIn } from './sign-in.types.js';

/** A session that was opened, on whose device, and what its client is given. */
interface Entered {
  readonly account: AccountRow;
  readonly device: SeenDevice;
  readonly opened: OpenedSession;
  readonly expiry: Wait;
  readonly deviceToken: string | null;
  /** For the backend that asked for it; null: none did. */
  readonly receipt: string | null;
}

/**
 * What a device that was let in is answered, once its transaction is committed.
 * @param receipt for the backend that asked for it
 * @throws Unauthenticated
 */
export async function signedIn(admitted: Admitted, receipt: string | null = null): Promise<SignedIn> {
  const { account, deviceToken } = admitted;
  const [device, opened] = await Promise.all([admitted.device, admitted.opened]);
  if (!device) throw new Unauthenticated();
  return answerTo({ account, device, opened, expiry: itselfUntil(opened, account, device), deviceToken, receipt });
}

/** When a session that was just opened is over by itself, if it is not used. */
export function itselfUntil(opened: OpenedSession, account: AccountRow, device: SeenDevice): Wait {
  return opened.expiry(account.twoStepEnabledAt ? device.trust : null);
}

/** The answer to whoever has just been let in. */
export function answerTo(entered: Entered): SignedIn {
  const { account, device, expiry, deviceToken, receipt } = entered;
  const { session, token } = entered.opened;
  const signedInDevice = new Device(device, device.id);
  return new SignedIn({
    account: new Account(account, { id: session.id, deviceId: device.id, isTrusted: device.isTrusted }),
    device: signedInDevice,
    session: new AccountSession({ ...session, expiry }, signedInDevice, true),
    sessionToken: token,
    sessionExpiresAt: expiry.until,
    sessionExpiresInSeconds: expiry.seconds,
    deviceToken,
    receipt,
  });
}
