/** A subscription of the browser's, as the server takes it. */
export interface Subscription {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  /** The server's key that it was made under. */
  readonly pushKey: string | null;
}

/** @throws DOMException where the browser refuses, or reaches no push service */
export async function subscribe(manager: PushManager, pushKey: string): Promise<Subscription> {
  return told(await manager.subscribe({ userVisibleOnly: true, applicationServerKey: pushKey }));
}

/** What the server has to know of a subscription. */
export function told(subscription: PushSubscription): Subscription {
  const { endpoint, keys } = subscription.toJSON();
  const key = subscription.options.applicationServerKey;
  return {
    endpoint: endpoint ?? '',
    p256dh: keys?.p256dh ?? '',
    auth: keys?.auth ?? '',
    pushKey: key ? base64url(new Uint8Array(key)) : null,
  };
}

function base64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
