// The shop's table of users: a file here, a table of your database with you. It numbers them, as databases do.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export class Users {
  #file;
  #rows;

  constructor(file) {
    this.#file = file;
    this.#rows = new Map(Object.entries(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}));
  }

  /** @param id a number, or the same as text, which is how it comes back from Doorstep */
  byId(id) {
    return this.#rows.get(String(id)) ?? null;
  }

  byEmail(email) {
    return [...this.#rows.values()].find((user) => user.email === normal(email)) ?? null;
  }

  /** @returns the new user; null where the address is somebody's already */
  add({ email, password }) {
    if (this.byEmail(email)) return null;
    return this.#keep({ id: this.#rows.size + 1, email: normal(email), password, atDoorstep: false });
  }

  change(id, fields) {
    return this.#keep({ ...this.byId(id), ...fields });
  }

  #keep(user) {
    this.#rows.set(String(user.id), user);
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(Object.fromEntries(this.#rows), null, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
    return user;
  }
}

const normal = (email) => email.trim().toLowerCase();
