import type { BrowserContext, CDPSession, Page, Worker } from 'playwright-core';
import { BrowserSubscription } from './push.js';
import { until } from './waiting.js';

/** A notification that a browser shows, as its service worker's registration lists it. */
export interface Shown {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  readonly actions: readonly string[];
  readonly silent: boolean | null;
  readonly lang: string;
}

const described = `.then((all) => all.map(({ title, body, tag, actions, silent, lang }) =>
  ({ title, body, tag, actions: actions.map(({ action }) => action), silent, lang })))`;

/**
 * Chromium forgets a notification that it is asked for between writing it down and showing it: in the worker, one waits for
 * the other.
 */
const oneAtATime = `if (!self.inTurn) {
  let turn = Promise.resolve();
  self.inTurn = (work) => (turn = turn.catch(() => null).then(work));
  const show = registration.showNotification.bind(registration);
  registration.showNotification = (...wanted) => inTurn(() => show(...wanted));
}`;

const heard = `new Promise((resolve) => {
  const opening = indexedDB.open('doorstep-push');
  // Not there yet: the page is to make it, not this look at it.
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => resolve(null);
  opening.onsuccess = () => {
    const reading = opening.result.transaction('kept').objectStore('kept').get('words');
    reading.onsuccess = () => resolve(reading.result?.language);
  };
})`;

/**
 * The service worker of a page: it is woken, and its notifications are answered, by Chromium's developer tools. Headless
 * Chromium reaches no push service (`subscribe` is refused: permission denied) and shows nothing that could be clicked.
 */
export class ServiceWorker {
  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
    private readonly registrationId: string,
  ) {}

  /** Waits until the page has it. */
  static async of(page: Page): Promise<ServiceWorker> {
    await page.context().grantPermissions(['notifications']);
    await page.evaluate('navigator.serviceWorker.ready.then(() => null)');
    const session = await page.context().newCDPSession(page);
    let registrationId = '';
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registrationId = registrations.find(({ isDeleted }) => !isDeleted)?.registrationId ?? registrationId;
    });
    await session.send('ServiceWorker.enable');
    await until(() => registrationId, 'the registration of the service worker');
    const worker = new ServiceWorker(page, session, registrationId);
    await (await worker.running()).evaluate(`{ ${oneAtATime} }`);
    return worker;
  }

  /** Waits until the page has told it what language to speak. */
  async hears(language: string): Promise<void> {
    await until(async () => (await this.page.evaluate(heard)) === language, `a worker that speaks ${language}`);
  }

  /** Delivers a push, as a push service would. */
  async push(message: unknown): Promise<void> {
    const data = JSON.stringify(message);
    const { origin } = new URL(this.page.url());
    await this.session.send('ServiceWorker.deliverPushMessage', { origin, registrationId: this.registrationId, data });
  }

  async shown(): Promise<Shown[]> {
    return (await this.running()).evaluate(`{ ${oneAtATime}
      inTurn(() => registration.getNotifications())${described} }`);
  }

  /** The notification of a tag, once it is there and says what is looked for. */
  see(tag: string, isIt: (shown: Shown) => boolean = () => true): Promise<Shown> {
    return until(
      async () => (await this.shown()).find((shown) => shown.tag === tag && isIt(shown)),
      `a notification ${tag}`,
    );
  }

  async seeNone(): Promise<void> {
    await until(async () => (await this.shown()).length === 0, 'a screen without notifications');
  }

  /** Answers a notification with one of its buttons, or by opening it. @returns the address that it opens, if it does */
  async answer(tag: string, action = ''): Promise<string | null> {
    return (await this.running()).evaluate(
      `registration.getNotifications({ tag: ${JSON.stringify(tag)} }).then(async ([notification]) => {
        let opened = null;
        clients.openWindow = async (url) => { opened = url; };
        const event = new NotificationEvent('notificationclick', { notification, action: ${JSON.stringify(action)} });
        const done = new Promise((resolve) => { event.waitUntil = (work) => resolve(work); });
        dispatchEvent(event);
        await done.catch(() => null);
        return opened;
      })`,
    );
  }

  /** Tells it, as the browser does, that it has another subscription now. Resolves when the worker has done with it. */
  async changeSubscription(subscription: BrowserSubscription): Promise<void> {
    const { endpoint, ...keys } = subscription.input;
    await (await this.running()).evaluate(`new Promise((resolve, reject) => {
      const event = new Event('pushsubscriptionchange');
      event.newSubscription = { options: {}, toJSON: () => (${JSON.stringify({ endpoint, keys })}) };
      event.waitUntil = (work) => work.then(() => resolve(null), reject);
      dispatchEvent(event);
    })`);
  }

  /** From now on the worker reaches no server. */
  async cutOff(): Promise<void> {
    await (await this.running()).evaluate(`fetch = () => Promise.reject(new TypeError('Failed to fetch')), null`);
  }

  /** One that is idle is stopped after a while: asking for it starts it. */
  private async running(): Promise<Worker> {
    return until(async () => {
      const [worker] = this.page.context().serviceWorkers();
      if (!worker) await this.session.send('ServiceWorker.startWorker', { scopeURL: await this.scope() });
      return worker;
    }, 'a service worker that runs');
  }

  private scope(): Promise<string> {
    return this.page.evaluate('navigator.serviceWorker.ready.then(({ scope }) => scope)');
  }
}

/** In the place of a browser's push service: its pages subscribe and are subscribed for as long as their storage lives. */
export async function standInForPushService(
  context: BrowserContext,
  subscription = new BrowserSubscription(),
): Promise<BrowserSubscription> {
  const { endpoint, ...keys } = subscription.input;
  await context.addInitScript(`{
    const given = ${JSON.stringify({ endpoint, keys })};
    const subscriptionUnder = (key) => key && {
      ...given,
      options: { applicationServerKey: Uint8Array.fromBase64(key, { alphabet: 'base64url' }).buffer },
      toJSON: () => given,
      unsubscribe: async () => { localStorage.removeItem('${SUBSCRIBED}'); return true; },
    };
    PushManager.prototype.getSubscription = async () => subscriptionUnder(localStorage.getItem('${SUBSCRIBED}'));
    PushManager.prototype.subscribe = async ({ applicationServerKey: key, userVisibleOnly }) => {
      if (!userVisibleOnly) throw new DOMException('not visible', 'NotAllowedError');
      localStorage.setItem('${SUBSCRIBED}', key);
      return subscriptionUnder(key);
    };
  }`);
  return subscription;
}

const SUBSCRIBED = 'stand-in-subscribed-under';

/** The key under which a page is subscribed at the stand-in; null: it is not. */
export function subscribedUnder(page: Page): Promise<string | null> {
  return page.evaluate(`localStorage.getItem('${SUBSCRIBED}')`);
}

/** Subscribes a page under another key than the server has. */
export async function subscribeUnder(page: Page, key: string): Promise<void> {
  await page.evaluate(`localStorage.setItem('${SUBSCRIBED}', '${key}')`);
}
