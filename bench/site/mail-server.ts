import { startMailServer } from '../../test/support/smtp.js';
import { answerCalls, tellNews } from './child.js';

// A process: a mail server that takes every mail, and says to whom it was and which code is in it.

/** A mail that was taken. */
export interface TakenMail {
  readonly to: string;
  /** The digits that stand alone on a line, as codes do. */
  readonly code: string | null;
}

const server = await startMailServer({
  onData(stream, session, done) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const code = /^\s*(\d{6,12})\s*$/m.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? null;
      for (const { address } of session.envelope.rcptTo) tellNews({ to: address, code } satisfies TakenMail);
      done(null);
    });
  },
});

answerCalls({ port: () => server.port });
