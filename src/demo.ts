import { Client, Unreachable } from './demo/client.js';
import { Inbox, InboxMissing } from './demo/inbox.js';
import { Ping } from './demo/operations.js';
import { Screen } from './demo/screen.js';
import { Story } from './demo/story.js';

/** The server: named by an argument or by DOORSTEP_URL, else the one that `npm start` runs here. */
function serverUrl(): string {
  const { DOORSTEP_URL, PORT } = process.env;
  return process.argv[2] || DOORSTEP_URL || `http://localhost:${PORT || 4000}`;
}

async function run(url: string, screen: Screen): Promise<void> {
  screen.title(`Doorstep at ${url}: three devices, and the codes that travel between them`);
  await new Client(url).request(Ping, {});
  const inbox = new Inbox(url);
  await inbox.mails();
  await new Story(url, inbox, screen).tell();
  screen.note(`\nAll of it went through the public API; the mails are still at ${url}/inbox\n`);
}

function explain(error: unknown): string {
  if (error instanceof Unreachable)
    return `${error.message}\nStart Doorstep in another terminal with "npm start", then run this again.`;
  if (error instanceof InboxMissing)
    return `${error.message}\nThe demo reads its codes there. Start Doorstep with "npm start" and without SMTP_URL, and reach it as http://localhost:<port>.`;
  return `The demo stopped: ${error instanceof Error ? error.message : error}`;
}

const url = serverUrl();
try {
  if (!URL.canParse(url)) throw new Unreachable(`'${url}' is not an address such as http://localhost:4000.`);
  await run(new URL(url).origin, new Screen(process.stdout));
} catch (error) {
  process.stderr.write(`\n${explain(error)}\n\n`);
  process.exitCode = 1;
}
