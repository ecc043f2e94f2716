// The shop's own sessions: an id in a cookie, and what it stands for. A shop with more than one process keeps them in its
// database.

import { randomBytes } from 'node:crypto';

export class Sessions {
  /** By the id in the cookie: the Doorstep session that it stands for. */
  #doorstepIds = new Map();
  /** Pages that are open, and are to be told at once. */
  #pages = new Map();

  start(doorstepId) {
    const id = randomBytes(32).toString('base64url');
    this.#doorstepIds.set(id, doorstepId);
    return id;
  }

  doorstepId(id) {
    return this.#doorstepIds.get(id) ?? null;
  }

  /** @param tell is called when it ends */
  watch(id, tell) {
    const pages = this.#pages.get(id) ?? new Set();
    this.#pages.set(id, pages.add(tell));
    return () => {
      pages.delete(tell);
      if (pages.size === 0) this.#pages.delete(id);
    };
  }

  end(id) {
    this.#doorstepIds.delete(id);
    for (const tell of this.#pages.get(id) ?? []) tell();
    this.#pages.delete(id);
  }

  /** Ends all that stand for that session of Doorstep. */
  endOf(doorstepId) {
    for (const [id, of] of this.#doorstepIds) if (of === doorstepId) this.end(id);
  }
}
