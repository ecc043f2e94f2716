import { setTimeout as sleep } from 'node:timers/promises';
import { asA, type Challenge, type Outcome, SEND_CODE, SIGN_IN, VERIFY_CODE } from '../site/documents.js';
import { everyone, PASSWORD, type People, type Person } from '../site/people.js';
import type { HttpClient } from './http-client.js';
import { LiveSocket } from './live-socket.js';
import { once } from './pace.js';

const OPENED_AT_ONCE = 16;
/** `RESEND_SECONDS` of the site, and a little more. */
const RESEND_MS = 1_100;

let laptops = 0;

/** Somebody whose phone listens, and who signs in on laptops that are new. */
export class Newcomer {
  private constructor(
    private readonly client: HttpClient,
    readonly person: Person,
    readonly phone: LiveSocket,
  ) {}

  /** Everybody's phone is online before it begins. */
  static async all(client: HttpClient, socketUrl: string, people: People): Promise<Newcomer[]> {
    const persons = everyone(people);
    const newcomers: Newcomer[] = [];
    await once(persons.length, OPENED_AT_ONCE, async (nth) => {
      const person = persons[nth] as Person;
      newcomers[nth] = new Newcomer(client, person, await LiveSocket.open(socketUrl, person.sessionToken));
    });
    return newcomers;
  }

  /** The password on a laptop that nobody knows; resolves when the code is on the phone. */
  async challenge(): Promise<{ challenge: Challenge; code: string }> {
    laptops += 1;
    // No two alike: the same notice within a minute goes out once.
    const device = { name: `Laptop ${laptops}`, platform: 'LINUX' };
    const input = { email: this.person.email, password: PASSWORD, device };
    // It may be there before the answer is, and only that names the challenge.
    const shown = this.phone.next(({ code }) => code !== null);
    const challenge = asA('Challenge', await this.client.result<Outcome>(SIGN_IN, { input }));
    const { request } = await shown;
    if (!isPromptOf(request, challenge.id)) throw new Error('the phone shows the code of another sign-in');
    return { challenge, code: request.code ?? '' };
  }

  /** Has the code sent once more; resolves when it is on the phone again. */
  async resend({ id, token }: Challenge): Promise<{ code: string; at: number }> {
    const shown = this.phone.next((request) => isPromptOf(request, id) && request.code !== null);
    asA('Challenge', await this.client.result<Outcome>(SEND_CODE, { token }));
    const { request, at } = await shown;
    return { code: request.code ?? '', at };
  }

  async verify({ token }: Challenge, code: string): Promise<void> {
    asA('SignedIn', await this.client.result<Outcome>(VERIFY_CODE, { token, code }));
  }
}

/** Older servers give a challenge and its prompt one id; since then what is before it tells them apart. */
function isPromptOf({ id }: { readonly id: string }, challengeId: string): boolean {
  return id.endsWith(challengeId);
}

/** Resolves when a code that was just sent may be sent again. */
export function untilResend(): Promise<void> {
  return sleep(RESEND_MS);
}
