import type { KeptPush } from '../push/kept-push.ts';
import { ask, Refused } from './endpoint.ts';
import {
  goneNotice,
  type Notice,
  overNotice,
  signedOutNotice,
  testNotice,
  unreadNotice,
  waitingNotice,
} from './notices.ts';
import { acknowledgeRequest, waitingRequests } from './operations.ts';
import { isPageSeen } from './pages.ts';
import type { PushMessage } from './push-message.ts';
import { worker } from './scope.ts';
import type { Words } from './words.ts';

/** Addresses of what notifications are shown with, put in by the build. */
declare const __IMAGES__: { readonly icon: string; readonly badge: string };

/** The API's codes for who may not see codes here. */
const notAllowed: readonly string[] = ['UNAUTHENTICATED', 'FORBIDDEN'];

/** What a push raises: always a notification, since browsers take the subscription from whoever shows none. */
export class Wake {
  constructor(
    private readonly kept: KeptPush,
    private readonly words: Words,
  ) {}

  async tell({ kind, id }: PushMessage): Promise<void> {
    if (kind === 'TEST') return this.show(testNotice(this.words, await this.showsCode()));
    if (kind === 'UNKNOWN') return this.show(unreadNotice(id, this.words));
    try {
      await this.tellOfSignIn(id);
    } catch (error) {
      if (error instanceof Refused && notAllowed.includes(error.code)) return this.leave(id);
      if (error instanceof Refused && error.code === 'NOT_FOUND') return this.showOver(goneNotice(id, this.words));
      await this.show(unreadNotice(id, this.words));
    }
  }

  /** The last push of a prompt finds it over: its notification then makes way for one that says how it ended. */
  private async tellOfSignIn(id: string): Promise<void> {
    const { language } = this.words;
    const withCode = await this.showsCode();
    const { viewer } = await ask(waitingRequests, { withCode }, language);
    if (!viewer) throw new Refused('UNAUTHENTICATED');
    const waiting = viewer.loginRequests.find((request) => request.id === id);
    if (waiting) await this.show(waitingNotice(waiting, this.words, { withCode, isSeen: await isPageSeen() }));
    const said = ask(acknowledgeRequest, { id }, language);
    // What is shown is shown, whether or not the server could be told.
    const answer = waiting ? await said.catch(() => null) : await said;
    const now = answer?.acknowledgeLoginRequest;
    if (now && (!waiting || now.state !== 'PENDING')) await this.showOver(overNotice(now, this.words));
    await this.tidy([id, ...viewer.loginRequests.map((request) => request.id)]);
  }

  private async showsCode(): Promise<boolean> {
    return (await this.kept.read('showsCode')) ?? false;
  }

  /** Takes down what is over by now: the server says so, no clock. */
  private async tidy(waiting: readonly string[]): Promise<void> {
    for (const notification of await worker.registration.getNotifications()) {
      if (!waiting.includes(notification.tag)) notification.close();
    }
  }

  /** Whoever has a page in sight is told there. */
  private async showOver(notice: Notice): Promise<void> {
    await this.show(notice);
    if (await isPageSeen()) await this.takeDown(notice.options.tag);
  }

  private async takeDown(tag: string): Promise<void> {
    for (const notification of await worker.registration.getNotifications({ tag })) notification.close();
  }

  /** Nobody who may see codes is signed in here: no push shall come any more. */
  private async leave(id: string): Promise<void> {
    await this.takeDown(id);
    await this.show(signedOutNotice(this.words));
    await this.kept.forgetChoices();
    const subscription = await worker.registration.pushManager.getSubscription();
    await subscription?.unsubscribe();
  }

  private async show({ title, options }: Notice): Promise<void> {
    await worker.registration.showNotification(title, { ...__IMAGES__, ...options });
  }
}
