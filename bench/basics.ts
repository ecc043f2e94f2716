import type { Handset } from '../test/support/handset.js';
import { asA } from '../test/support/outcomes.js';
import type { Servers } from '../test/support/servers.js';
import { millisecondsOf, percentile, timesOf } from './samples.js';

const WARM_UP = 20;

/** How long the basic things take, over two servers: rows of a table. */
export async function measureBasics(servers: Servers, samples: number): Promise<string[][]> {
  const phone = await servers.trusted(0);
  await using prompts = phone.loginRequests();
  const rows = [['what', 'p50', 'p99']];
  const add = (name: string, times: number[]) => {
    const counted = times.slice(WARM_UP);
    rows.push([name, `${percentile(counted, 50).toFixed(1)} ms`, `${percentile(counted, 99).toFixed(1)} ms`]);
  };
  const total = samples + WARM_UP;

  const twin = phone.twin();
  add('viewer', await timesOf(total, () => twin.viewer()));
  add('signIn on a trusted device', await timesOf(total, async () => void asA('SignedIn', await twin.signIn())));

  const entered: { challenged: number; shown: number; verified: number }[] = [];
  for (let nth = 0; nth < total; nth += 1) entered.push(await enter(servers, phone, prompts));
  add(
    'signIn on a new device',
    entered.map(({ challenged }) => challenged),
  );
  add(
    'the code on the phone at another server, from that request on',
    entered.map(({ shown }) => shown),
  );
  add(
    'verifyCode',
    entered.map(({ verified }) => verified),
  );
  return rows;
}

/** A laptop at the second server signs in with the code that the phone at the first one shows. */
async function enter(servers: Servers, phone: Handset, prompts: ReturnType<Handset['loginRequests']>) {
  const laptop = phone.another('Laptop', servers.client(1));
  const before = performance.now();
  const shown = prompts.nextThat(({ code }) => code !== null).then(({ code }) => ({ code, at: performance.now() }));
  const challenge = await laptop.challenged();
  const challenged = performance.now() - before;
  const { code, at } = await shown;
  const verified = await millisecondsOf(async () => asA('SignedIn', await laptop.verify(challenge, code ?? '', false)));
  return { challenged, shown: at - before, verified };
}

/** Sign-ins on trusted devices in a second, with so many people at once. */
export async function measureThroughput(servers: Servers, people: number, each: number): Promise<number> {
  const phones: Handset[] = [];
  for (let nth = 0; nth < people; nth += 1) phones.push(await servers.trusted(nth % 2));
  const took = await millisecondsOf(() =>
    Promise.all(
      phones.map(async (phone) => {
        for (let nth = 0; nth < each; nth += 1) asA('SignedIn', await phone.signIn());
      }),
    ),
  );
  return (people * each * 1000) / took;
}
