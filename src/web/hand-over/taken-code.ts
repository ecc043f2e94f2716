import { Store } from '../api/store.ts';

/** The code by which an app has opened the pages; in this page's memory alone. Null: none came. */
export const takenCode = new Store<string | null>(null);

/** Takes the code out of the address: before anything is fetched, at the load and where the app opens the page once more. */
export function takeCodes(): void {
  take();
  addEventListener('hashchange', take);
}

function take(): void {
  if (!location.hash.startsWith('#hof_')) return;
  const code = location.hash.slice(1);
  history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  takenCode.set(code);
}
