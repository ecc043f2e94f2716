import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 15_000;

/** There is no inbox at the server to read codes from. */
export class InboxMissing extends Error {}

interface Mail {
  readonly id: string;
  readonly envelope: { readonly to: readonly string[] };
  readonly subject: string;
  /** The digits that stand alone on a line; null in a mail without any. */
  readonly code: string | null;
}

/** A person's mailbox, which is the page /inbox of a development server. No part of the API. */
export class Inbox {
  private readonly read = new Set<string>();

  constructor(private readonly serverUrl: string) {}

  /**
   * Waits for the next mail to the address that brings a code; one that was read before does not count.
   * @throws InboxMissing, or if none comes within 15 seconds
   */
  async nextCode(address: string): Promise<{ readonly subject: string; readonly code: string }> {
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
      const mails = await this.mails();
      for (const { id, envelope, subject, code } of mails.filter((mail) => !this.read.has(mail.id))) {
        if (!envelope.to.includes(address) || code === null) continue;
        this.read.add(id);
        return { subject, code };
      }
      await sleep(LOOK_EVERY_MS);
    }
    throw new Error(`Waited ${PATIENCE_MS / 1000} s, but no mail with a code came to ${address}.`);
  }

  /** The mails that are there, the newest first. @throws InboxMissing */
  async mails(): Promise<Mail[]> {
    const response = await fetch(new URL('/inbox/mails', this.serverUrl));
    if (!response.ok) throw new InboxMissing(`There is no inbox at ${this.serverUrl}/inbox.`);
    return (await response.json()) as Mail[];
  }
}
