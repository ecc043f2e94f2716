import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Words } from '../worker/words.ts';

/** The subscription that somebody has asked for here. */
export interface Registered {
  /** Whose it is: another account's device has not asked for it. */
  readonly deviceId: string;
  readonly endpoint: string;
}

interface Entries {
  readonly words: Words;
  readonly registered: Registered;
  /** Whether a notification may hold the code: it stands on locked screens too. */
  readonly showsCode: boolean;
}

/**
 * What page and service worker tell each other by way of the browser's own database: a worker is woken when no page is
 * open. Where the browser keeps nothing there is no worker either.
 */
export class KeptPush {
  private readonly store: UseStore;

  /** @param basePath of the server: two of them below one host share the host's databases */
  constructor(basePath: string) {
    this.store = createStore(`doorstep-push${basePath}`, 'kept');
  }

  /** Undefined where it was never kept, or cannot be read. */
  read<Name extends keyof Entries>(name: Name): Promise<Entries[Name] | undefined> {
    return get<Entries[Name]>(name, this.store).catch(() => undefined);
  }

  keep<Name extends keyof Entries>(name: Name, value: Entries[Name]): Promise<void> {
    return set(name, value, this.store);
  }

  /** What one account has chosen is not the next one's choice. */
  async forgetChoices(): Promise<void> {
    await Promise.all([del('registered', this.store), del('showsCode', this.store)]);
  }
}
