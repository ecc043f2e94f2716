import { registeredWorker } from '../push/registration.ts';

/** What the browser says of notifications from this page; `unsupported` where it knows none. */
export type Permission = NotificationPermission | 'unsupported';

export function notificationPermission(): Permission {
  return 'Notification' in window ? Notification.permission : 'unsupported';
}

/** Asks the person, through the browser, whether this page may show notifications. */
export async function askForNotifications(): Promise<Permission> {
  if (!('Notification' in window)) return 'unsupported';
  return Notification.requestPermission();
}

/**
 * Shows a notification while nobody looks at the page. It never holds a code: it stands on locked screens too.
 * @param tag what is shown under the same tag takes its place instead of standing beside it
 * @returns takes it down again
 */
export function notifyOf(tag: string, title: string, body: string): () => void {
  if (notificationPermission() !== 'granted' || document.visibilityState === 'visible') return () => {};
  try {
    const notification = new Notification(title, { body, tag, requireInteraction: true });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    return () => notification.close();
  } catch {
    // Chrome on Android shows none without a service worker; the prompt is on the page all the same.
    return () => {};
  }
}

/** Takes down what the service worker has shown of a request. */
export async function takeDown(id: string): Promise<void> {
  const registration = await registeredWorker();
  for (const notification of (await registration?.getNotifications({ tag: id })) ?? []) notification.close();
}
