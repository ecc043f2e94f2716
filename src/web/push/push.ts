import type { Client, CombinedError } from '@urql/core';
import { faultyField } from '../api/faults.ts';
import { RegisterPushDocument, UnregisterPushDocument } from '../api/operations.ts';
import { notificationPermission } from '../prompts/notifications.ts';
import { pushManager } from './browser.ts';
import { kept } from './kept.ts';
import { registeredWorker } from './registration.ts';
import { type Subscription, subscribe, told } from './subscription.ts';

/** What push needs to know of the device that a session is on. */
export interface PushedDevice {
  readonly id: string;
  readonly isTrusted: boolean;
  readonly hasPush: boolean;
}

/** Whether codes reach this browser while no page is open: at its push service, at the server, and as its owner chose. */
export class Push {
  constructor(
    private readonly client: Client,
    private readonly device: PushedDevice,
    /** The server's own, under which browsers subscribe. */
    private readonly pushKey: string,
  ) {}

  /** @returns what went wrong; `refused`: by the browser */
  async turnOn(): Promise<CombinedError | 'refused' | null> {
    const manager = await pushManager();
    if (!manager) return 'refused';
    try {
      const error = await this.register(manager);
      if (!error) await kept.keep('deviceId', this.device.id);
      return error;
    } catch {
      return 'refused';
    }
  }

  async turnOff(): Promise<CombinedError | null> {
    const { error } = await this.client.mutation(UnregisterPushDocument, {}).toPromise();
    if (error) return error;
    await forgetPush();
    return null;
  }

  /**
   * At each start of the pages: what was turned on here is registered again, since it belongs to a session, and the browser
   * may have another subscription by now. What nobody has turned on here, or cannot be any more, is undone.
   */
  async keepUp(): Promise<void> {
    const isMine = (await kept.read('deviceId')) === this.device.id;
    if (isMine && this.device.isTrusted && notificationPermission() === 'granted') await this.turnOn();
    else if ((await forgetPush()) || this.device.hasPush) await this.turnOff();
  }

  private async register(manager: PushManager): Promise<CombinedError | null> {
    const known = await manager.getSubscription();
    const error = await this.tell(known ? told(known) : await subscribe(manager, this.pushKey));
    // Made under a key that the server has no more.
    if (!known || !error || faultyField(error) !== 'pushKey') return error;
    await known.unsubscribe();
    return this.tell(await subscribe(manager, this.pushKey));
  }

  private async tell(input: Subscription): Promise<CombinedError | null> {
    const { error } = await this.client.mutation(RegisterPushDocument, { input }).toPromise();
    return error ?? null;
  }
}

/** Nothing wakes this browser any more, and what was chosen on it is forgotten. @returns whether something could before */
export async function forgetPush(): Promise<boolean> {
  const registration = await registeredWorker();
  const subscription = await registration?.pushManager?.getSubscription();
  await kept.forgetChoices();
  return (await subscription?.unsubscribe()) ?? false;
}
