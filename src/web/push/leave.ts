import { forgetPush } from './push.ts';
import { registeredWorker } from './registration.ts';

/** Nobody is signed in here any more: what was for who was is taken down, and nothing new comes. */
export async function leavePush(): Promise<void> {
  const registration = await registeredWorker();
  for (const notification of (await registration?.getNotifications()) ?? []) notification.close();
  await forgetPush();
}
