/// <reference lib="webworker" />
import { KeptPush } from '../push/kept-push.ts';
import { inTime } from './in-time.ts';
import { NOT_ME } from './notices.ts';
import { answerOffline } from './offline.ts';
import { openPage } from './pages.ts';
import { pushMessageOf } from './push-message.ts';
import { renew } from './renew.ts';
import { basePath, scope, worker } from './scope.ts';
import { Wake } from './wake.ts';
import { english, type Words } from './words.ts';

// The web client's service worker: it is woken by pushes while no page is open, and stands in for a page that cannot be
// fetched. It keeps no answer of the server.

const kept = new KeptPush(basePath);

/** As the page has handed them over; a text that it did not know yet is in English. */
async function words(): Promise<Words> {
  const handed = await inTime(kept.read('words'));
  return handed
    ? { ...handed, texts: { ...english, ...handed.texts } }
    : { language: 'en', direction: 'ltr', productName: scope.host, texts: english };
}

// Pages depend on no version of it.
worker.addEventListener('install', () => void worker.skipWaiting());

worker.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([worker.registration.navigationPreload?.enable(), worker.clients.claim()]));
});

worker.addEventListener('fetch', (event) => answerOffline(event, words));

worker.addEventListener('push', (event) => event.waitUntil(tell(event.data?.text() ?? '')));

async function tell(message: string): Promise<void> {
  await new Wake(kept, await words()).tell(pushMessageOf(message));
}

worker.addEventListener('pushsubscriptionchange', (event) => {
  const { newSubscription } = event as PushSubscriptionChangeEvent;
  event.waitUntil(words().then(({ language }) => renew(kept, newSubscription, language)));
});

worker.addEventListener('notificationclick', (event) => {
  const { action, notification } = event;
  notification.close();
  const { id } = notification.data ?? {};
  event.waitUntil(openPage({ notMe: action === NOT_ME && typeof id === 'string' ? id : null }));
});
