// The shop's own sessions: an id in a cookie, and what it stands for. A shop with more than one process keeps them in its
// database.

import { randomBytes } from 'node:crypto';

export class Sessions {
  #rows = new Map();
  /** Pages that are open, and are to be told at once. */
  #pages = new Map();

  /**
   * @param isSignedIn false: the password was right, and the second step is still to come
   * @param doorstepId the session at Doorstep behind it; null where the user has no second step
   * @param asked the verification that was started in it: its id, what for, and what the browser begins it with
   */
  start({ userId, isSignedIn, doorstepId = null, asked = null }) {
    const id = randomBytes(32).toString('base64url');
    this.#rows.set(id, { id, userId, isSignedIn, doorstepId, asked });
    return id;
  }

  find(id) {
    return this.#rows.get(id) ?? null;
  }

  /** Does nothing where it has ended meanwhile. */
  ask(id, asked) {
    Object.assign(this.#rows.get(id) ?? {}, { asked });
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
    this.#rows.delete(id);
    for (const tell of this.#pages.get(id) ?? []) tell();
    this.#pages.delete(id);
  }

  /** Ends all that stand for that session of Doorstep. */
  endOf(doorstepId) {
    for (const { id, doorstepId: of } of this.#rows.values()) if (of === doorstepId) this.end(id);
  }

  /** Ends those of a user, as when the second step was turned on: whoever is signed in then has passed it. */
  endAllOf(userId, { except = null } = {}) {
    for (const { id, userId: of } of this.#rows.values()) if (of === userId && id !== except) this.end(id);
  }
}
