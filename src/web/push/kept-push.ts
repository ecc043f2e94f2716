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
    return ifPossible(() => get<Entries[Name]>(name, this.store));
  }

  /** Nothing is kept where it cannot be. */
  keep<Name extends keyof Entries>(name: Name, value: Entries[Name]): Promise<void> {
    return ifPossible(() => set(name, value, this.store));
  }

  /** What one account has chosen is not the next one's choice. */
  async forgetChoices(): Promise<void> {
    await Promise.all((['deviceId', 'showsCode'] as const).map((name) => ifPossible(() => del(name, this.store))));
  }
}

/** A browser may have no database, or one that throws as soon as it is touched. */
async function ifPossible<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
