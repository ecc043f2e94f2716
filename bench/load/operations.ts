import {
  ACTIVITY,
  type ActivityPage,
  asA,
  CHECK,
  type Challenge,
  type Outcome,
  SIGN_IN,
  VIEWER,
} from '../site/documents.js';
import { everyone, PASSWORD } from '../site/people.js';
import { HttpClient } from './http-client.js';
import { Newcomer, untilResend } from './newcomer.js';
import { during, once } from './pace.js';
import type { Load, OperationName, Task } from './task.js';

type OperationTask = Extract<Task, { kind: OperationName }>;

/** The load of an operation: so many at once, each lane with people of its own. */
export const operations: Readonly<Record<OperationName, (task: OperationTask) => Promise<Load>>> = {
  /** The password is done with before: the code is sent, appears on the phone, and is typed. */
  async 'second-step'({ url, socketUrl, people, atOnce }) {
    const newcomers = await Newcomer.all(new HttpClient(url, atOnce), socketUrl, people);
    let challenges: Challenge[] = [];
    return {
      async prepare() {
        challenges = [];
        await once(newcomers.length, atOnce, async (nth) => {
          const opened = await newcomers[nth]?.challenge();
          if (opened) challenges[nth] = opened.challenge;
        });
        await untilResend();
      },
      round: () =>
        once(newcomers.length, atOnce, async (nth) => {
          const newcomer = newcomers[nth];
          const challenge = challenges[nth];
          if (!newcomer || !challenge) throw new Error('a round needs its challenges');
          const { code } = await newcomer.resend(challenge);
          await newcomer.verify(challenge, code);
        }),
    };
  },

  /** Password, the code that appears on the phone, and the device is trusted. */
  async 'new-device'({ url, socketUrl, people, atOnce, seconds }) {
    const newcomers = await Newcomer.all(new HttpClient(url, atOnce), socketUrl, people);
    return {
      round: () =>
        during(seconds, atOnce, async (lane, turn) => {
          const newcomer = ofLane(newcomers, atOnce, lane, turn);
          const { challenge, code } = await newcomer.challenge();
          await newcomer.verify(challenge, code);
        }),
    };
  },

  /** Password and the device's token, which is another one each time. */
  async trusted({ url, people, atOnce, seconds }) {
    const client = new HttpClient(url, atOnce);
    const device = { name: 'Phone', platform: 'ANDROID' };
    const phones = everyone(people).map((person) => ({ ...person }));
    return {
      round: () =>
        during(seconds, atOnce, async (lane, turn) => {
          const phone = ofLane(phones, atOnce, lane, turn);
          const input = { email: phone.email, password: PASSWORD, device, deviceToken: phone.deviceToken };
          const signedIn = asA('SignedIn', await client.result<Outcome>(SIGN_IN, { input }));
          Object.assign(phone, { deviceToken: signedIn.deviceToken });
        }),
    };
  },

  async viewer({ url, people, atOnce, seconds }) {
    const client = new HttpClient(url, atOnce);
    const persons = everyone(people);
    return {
      round: () =>
        during(seconds, atOnce, async (lane) => {
          const person = ofLane(persons, atOnce, lane, 0);
          const viewer = await client.result<{ email: string } | null>(VIEWER, {}, person.sessionToken);
          if (viewer?.email !== person.email) throw new Error(`not ${person.email}: ${JSON.stringify(viewer)}`);
        }),
    };
  },

  /** A product's backend asks who is signed in. */
  async check({ url, people, atOnce, seconds, key }) {
    const client = new HttpClient(url, atOnce);
    const persons = everyone(people);
    return {
      round: () =>
        during(seconds, atOnce, async (lane) => {
          const { email, sessionToken: token } = ofLane(persons, atOnce, lane, 0);
          const session = await client.result<{ email: string } | null>(CHECK, { token }, key);
          if (session?.email !== email) throw new Error(`not ${email}: ${JSON.stringify(session)}`);
        }),
    };
  },

  /** Two pages: the newest entries, and those after them. */
  async activity({ url, people, atOnce, seconds }) {
    const client = new HttpClient(url, atOnce);
    const persons = everyone(people);
    return {
      round: () =>
        during(seconds, atOnce, async (lane, turn) => {
          const { sessionToken } = ofLane(persons, atOnce, lane, turn);
          const page = (after: string | null) => client.result<ActivityPage>(ACTIVITY, { after }, sessionToken);
          const { loginActivity: first } = await page(null);
          const { loginActivity: second } = await page(first.pageInfo.endCursor);
          if (second.edges.length === 0) throw new Error('there is no second page');
        }),
    };
  },
};

/** Whose turn it is: lanes share nobody, so that nobody does two things at once. */
function ofLane<T>(all: readonly T[], lanes: number, lane: number, turn: number): T {
  const one = all[(lane + turn * lanes) % all.length];
  if (!one || all.length % lanes !== 0) throw new Error(`${all.length} people cannot share ${lanes} lanes`);
  return one;
}
