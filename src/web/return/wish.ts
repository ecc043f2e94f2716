import { pagePath } from '../api/base-path.ts';
import { Store, useStore } from '../api/store.ts';
import { keptChallenge } from '../codes/kept-challenge.ts';
import { Kept } from '../session/kept.ts';

/** Where somebody who came from a product wants to go once signed in. What of it may be, the server says. */
export interface Wish {
  readonly returnTo: string;
  /** The product's own, for the code that goes along; null: none goes along. */
  readonly state: string | null;
}

const keptOfTab = new Kept('sessionStorage', 'doorstep-return');
const wish = new Store<Wish | null>(null);

/**
 * Takes the wish out of the address: Back never leads to it again. A tab keeps it while somebody signs in, also by way of a
 * code and a reload; an address that is opened anew without one forgets it.
 */
export function takeWishAtLoad(): void {
  const query = new URLSearchParams(location.search);
  const returnTo = query.get('return_to');
  if (returnTo) {
    const state = query.get('state');
    keptOfTab.write(JSON.stringify({ returnTo, state } satisfies Wish));
    query.delete('return_to');
    query.delete('state');
    const rest = query.size > 0 ? `?${query}` : '';
    history.replaceState(history.state, '', `${location.pathname}${rest}${location.hash}`);
  } else if (isOpenedAnew()) {
    keptOfTab.forget();
  }
  wish.set(read());
  // A page that the browser had kept, as it was when it led away.
  addEventListener('pageshow', ({ persisted }) => persisted && forgetWish());
}

export function useWish(): Wish | null {
  return useStore(wish);
}

/** It is about to be fulfilled: what is loaded after it in this tab leads nowhere. */
export function spendWish(): void {
  keptOfTab.forget();
}

/** The person stays here. */
export function forgetWish(): void {
  keptOfTab.forget();
  wish.set(null);
}

/** Neither loaded again nor come back to, nor dropped by a phone while a code was looked for. */
function isOpenedAnew(): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return navigation?.type === 'navigate' && keptChallenge(pagePath()) === null;
}

function read(): Wish | null {
  try {
    return JSON.parse(keptOfTab.read() ?? 'null');
  } catch {
    return null;
  }
}
