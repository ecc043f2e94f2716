import { registerWorker } from './registration.ts';

/** Whether this browser can be woken while no page is open. */
export function canBeWoken(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/** An iPhone or iPad, where only what is on the Home Screen can be woken, and this page is in a tab. */
export function isBeforeHomeScreen(): boolean {
  return 'standalone' in navigator && !navigator.standalone;
}

/** Where the browser keeps its subscription; null where it has no service worker for these pages. */
export async function pushManager(): Promise<PushManager | null> {
  const registration = await registerWorker();
  return registration && (await isActive(registration)) ? registration.pushManager : null;
}

/** Only an active worker is subscribed for; one that was just fetched takes a moment. */
async function isActive(registration: ServiceWorkerRegistration): Promise<boolean> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker || worker.state === 'redundant') return false;
  if (worker.state === 'activated') return true;
  await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
  return isActive(registration);
}
