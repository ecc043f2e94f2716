import type { KeptPush } from '../push/kept-push.ts';
import { Refused } from './endpoint.ts';
import { inTime } from './in-time.ts';
import { goneNotice, type Notice, signedOutNotice, testNotice, unreadNotice } from './notices.ts';
import { isPageSeen } from './pages.ts';
import { actions, type Prompts, signIns } from './prompts.ts';
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
      await (kind === 'LOGIN' ? this.tellOf(signIns, id) : this.tellOf(actions, id));
    } catch (error) {
      if (error instanceof Refused && notAllowed.includes(error.code)) return this.leave(id);
      if (error instanceof Refused && error.code === 'NOT_FOUND') return this.showOver(goneNotice(id, this.words));
      await this.show(unreadNotice(id, this.words));
    }
  }

  /** The last push of a prompt finds it over: its notification then makes way for one that says how it ended. */
  private async tellOf<Prompt extends { readonly id: string; readonly state: string }>(
    prompts: Prompts<Prompt>,
    id: string,
  ): Promise<void> {
    const { language } = this.words;
    const withCode = await this.showsCode();
    const waiting = await prompts.waiting(withCode, language);
    const prompt = waiting.find((candidate) => candidate.id === id);
    if (prompt) await this.show(prompts.notice(prompt, this.words, { withCode, isSeen: await isPageSeen() }));
    const said = prompts.acknowledge(id, language);
    // What is shown is shown, whether or not the server could be told.
    const now = prompt ? await said.catch(() => null) : await said;
    if (now && (!prompt || now.state !== 'PENDING')) await this.showOver(prompts.overNotice(now, this.words));
    await this.tidy(id, waiting);
  }

  private async showsCode(): Promise<boolean> {
    return (await inTime(this.kept.read('showsCode'))) ?? false;
  }

  /** Takes down what of the kind of a prompt is over by now: the server says so, no clock. */
  private async tidy(id: string, waiting: readonly { readonly id: string }[]): Promise<void> {
    const kind = id.slice(0, id.indexOf('_') + 1);
    for (const notification of await worker.registration.getNotifications()) {
      const { tag } = notification;
      const isOver = tag.startsWith(kind) && tag !== id && !waiting.some((prompt) => prompt.id === tag);
      if (isOver) notification.close();
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
