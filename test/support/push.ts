import { createECDH, type ECDH, randomBytes } from 'node:crypto';
import { newSigningKey, parseSigningKeys, type SigningKey } from '../../src/codes/signing-keys.js';
import { vapidPublicKey } from '../../src/push/vapid.js';
import type { Handset } from './handset.js';

/** A text of `VAPID_KEYS`, made for this run. */
export const vapidKeys = newSigningKey('test');

/** The first of the keys in a text of `VAPID_KEYS`. */
export function vapidKeyIn(text: string = vapidKeys): SigningKey {
  const [key] = parseSigningKeys(text);
  if (!key) throw new Error('the text has no key');
  return key;
}

/** The public one, as clients are told it. */
export function pushKeyOf(text: string = vapidKeys): string {
  return vapidPublicKey(vapidKeyIn(text));
}

/** What a browser makes as it subscribes, and keeps the private part of. */
export class BrowserSubscription {
  private readonly keys: ECDH = createECDH('prime256v1');
  readonly auth = randomBytes(16);

  constructor(readonly endpoint: string = `https://push.example/send/${randomBytes(16).toString('base64url')}`) {
    this.keys.generateKeys();
  }

  get privateKey(): Buffer {
    return this.keys.getPrivateKey();
  }

  /** As `registerPush` takes it. */
  get input(): Record<string, string> {
    return {
      endpoint: this.endpoint,
      p256dh: this.keys.getPublicKey('base64url'),
      auth: this.auth.toString('base64url'),
    };
  }
}

/** A device, as the mutations here answer with it. */
export interface PushedDevice {
  readonly id: string;
  readonly hasPush: boolean;
  readonly receivesCodes: boolean;
}

const device = 'id hasPush receivesCodes';

export const REGISTER_PUSH = `mutation ($input: PushSubscriptionInput!) {
  result: registerPush(input: $input) { ${device} } }`;

export const UNREGISTER_PUSH = `mutation { result: unregisterPush { ${device} } }`;

export const TEST_PUSH = `mutation { result: testPush { ${device} } }`;

export const SET_RECEIVES_CODES = `mutation ($deviceId: ID!, $receivesCodes: Boolean!) {
  result: setReceivesCodes(deviceId: $deviceId, receivesCodes: $receivesCodes) { ${device} } }`;

const PUSHED_DEVICES = `{ result: viewer { devices { ${device} } } }`;

/** Registers a subscription for a handset. */
export async function subscribePush(handset: Handset, subscription = new BrowserSubscription()): Promise<PushedDevice> {
  return handset.ask(REGISTER_PUSH, { input: subscription.input });
}

/** Whether a device of the account has push, as the handset sees it. */
export async function hasPush(handset: Handset, deviceId: string): Promise<boolean | undefined> {
  const { devices } = await handset.ask<{ devices: readonly PushedDevice[] }>(PUSHED_DEVICES);
  return devices.find(({ id }) => id === deviceId)?.hasPush;
}

export function setReceivesCodes(handset: Handset, deviceId: string, receivesCodes: boolean): Promise<PushedDevice> {
  return handset.ask(SET_RECEIVES_CODES, { deviceId, receivesCodes });
}
