import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Words } from '../worker/words.ts';

interface Entries {
  readonly words: Words;
  /** The device on which somebody has turned push on here: another account's has not. */
  readonly deviceId: string;
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
    // Where nothing can be kept there is nothing to forget.
    await Promise.all([del('deviceId', this.store), del('showsCode', this.store)]).catch(() => undefined);
  }
}
