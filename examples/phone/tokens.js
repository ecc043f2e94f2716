// What a device keeps: the token of its session, and the one that names it at its next sign-in. An app has a keychain for
// them; here it is a file that nobody else may read.

import { readFile, rename, writeFile } from 'node:fs/promises';

export class Tokens {
  constructor(file, { session = null, device = null }) {
    this.file = file;
    this.session = session;
    this.device = device;
  }

  static async read(file) {
    const text = await readFile(file, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    return new Tokens(file, JSON.parse(text));
  }

  /** Written beside the file first: a device that loses its token is a stranger at its next sign-in. */
  async keep({ session = this.session, device = this.device }) {
    Object.assign(this, { session, device });
    await writeFile(`${this.file}.new`, `${JSON.stringify({ session, device })}\n`, { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
  }
}
