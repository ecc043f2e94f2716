import type { Answer } from './answer.ts';
import { isOwnPage } from './own-pages.ts';
import { basePath, scope, worker } from './scope.ts';

/** Whether somebody has a page of ours in sight. */
export async function isPageSeen(): Promise<boolean> {
  return (await openPages()).some(isSeen);
}

/** Brings a page of ours before the person, one that is open if there is one, and tells it what was answered. */
export async function openPage(answer: Answer): Promise<void> {
  const [page] = (await openPages()).sort((one, other) => Number(isSeen(other)) - Number(isSeen(one)));
  if (page) {
    page.postMessage(answer);
    await page.focus();
  } else {
    const path = answer.notMe === null ? 'account' : `account#not-me=${answer.notMe}`;
    await worker.clients.openWindow(new URL(path, scope).href);
  }
}

async function openPages(): Promise<WindowClient[]> {
  const all = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return all.filter(({ url }) => isOwnPage(new URL(url), scope.origin, basePath));
}

function isSeen({ visibilityState }: WindowClient): boolean {
  return visibilityState === 'visible';
}
