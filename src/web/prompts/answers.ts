import { Store } from '../api/store.ts';
import type { Answer } from '../worker/answer.ts';

/** What was answered last to a notification that has brought the page before the person; null: nothing. */
export const answer = new Store<Answer | null>(null);

/** Takes the answer: out of the address where the notification has opened the page, else from the service worker. */
export function takeAnswers(): void {
  const [, notMe] = /^#not-me=(.+)$/.exec(location.hash) ?? [];
  if (notMe) {
    history.replaceState(history.state, '', `${location.pathname}${location.search}`);
    answer.set({ notMe });
  }
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<Answer>) => answer.set(data));
  navigator.serviceWorker.startMessages();
}
