import type { KeptPush } from '../push/kept-push.ts';
import { subscribe, told } from '../push/subscription.ts';
import { ask } from './endpoint.ts';
import { pushKey, registerPush } from './operations.ts';
import { worker } from './scope.ts';

/**
 * The browser has changed its subscription while no page was open: the server is told of the new one, if it was wanted here.
 * @param renewed what the browser has in its place; not every browser makes it itself
 */
export async function renew(kept: KeptPush, renewed: PushSubscription | null, language: string): Promise<void> {
  if ((await kept.read('deviceId')) === undefined) return;
  const { settings } = await ask(pushKey, {}, language);
  if (settings.pushKey === null) return;
  const input = renewed ? told(renewed) : await subscribe(worker.registration.pushManager, settings.pushKey);
  await ask(registerPush, { input }, language);
}
