import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activityOf } from '../support/activity.js';
import { Handset } from '../support/handset.js';
import { asA } from '../support/outcomes.js';
import { CREATE_SUPPORT_REPORT, codeShownOn, deviceOf, letIn, requestReset, wrongCode } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { Visitor } from '../support/visitor.js';
import { until } from '../support/waiting.js';

// What strangers do from one /32, /56 or /48 must not take the last mail, entry, slot or prompt of the owner.

const WRONG = 'not the right password';
const PER_HOME = 3;

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    env: { TRUST_PROXY: '127.0.0.1,::1' },
    limits: {
      CHALLENGES_PER_ACCOUNT_HOUR: PER_HOME,
      MAILS_PER_ADDRESS_HOUR: PER_HOME,
      REPORTS_PER_ACCOUNT_HOUR: PER_HOME,
      PROMPTS_UNANSWERED: PER_HOME - 1,
      PASSWORD_FAILURES_FREE: 100,
    },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

let requests = 0;
function from(ip: string, handset: Handset): Handset {
  const client = new Visitor(servers.client(++requests % 2).url, { 'x-forwarded-for': ip });
  const there = handset.twin(client);
  return there;
}

/** Where strangers are who are one, however many addresses they have; and where the owner is, at worst. */
const strangers: [string, (nth: number) => string, owner: string][] = [
  ['/32', () => '203.0.113.7', '203.0.113.8'],
  ['/24', (nth) => `203.0.113.${nth + 1}`, '198.51.100.8'],
  ['/64', (nth) => `2001:db8:1:100::${nth + 1}`, '2001:db8:1:200::1'],
  ['/56', (nth) => `2001:db8:1:1${nth.toString(16).padStart(2, '0')}::1`, '2001:db8:1:200::1'],
  ['/48', (nth) => `2001:db8:1:${(0x100 * nth).toString(16)}::1`, '2001:db8:2::1'],
];

const isWithheld = async (challengeId: string) =>
  (
    await servers.database.row<{ withheld: boolean }>(
      'select bool_or(is_withheld) as withheld from delivery where challenge_id = $1',
      [challengeId],
    )
  ).withheld;

describe.each(strangers)('strangers in one %s', (_network, ipOf, ownerIp) => {
  test('leave a reset its mail, whatever they ask for and however often', async () => {
    const phone = await servers.signedUp();
    for (let nth = 0; nth < 20; nth += 1) {
      const stranger = from(ipOf(nth % 16), phone.another('Stranger'));
      if (nth % 2 === 0) await requestReset(stranger);
      else asA('Challenge', await stranger.signUp());
    }
    const mails = await servers.database.count(
      'delivery',
      'to_address = $1 and asked_from is not null and not is_withheld',
      [phone.owner.email],
    );
    expect(mails).toBeLessThan(10);
    const reset = await requestReset(from(ownerIp, phone.another('Laptop')));
    expect(await isWithheld(reset.id)).toBe(false);
  });

  test('make one entry of their wrong passwords, and write nothing in it', async () => {
    const phone = await servers.signedUp();
    for (let nth = 0; nth < 12; nth += 1) {
      const stranger = from(ipOf(nth % 6), phone.another(`call 555-${nth}`));
      asA('InvalidCredentials', await stranger.signIn({ password: WRONG }));
    }
    const entries = await until(async () => {
      const found = await activityOf(phone, { types: ['WRONG_PASSWORD'] });
      return found.reduce((sum, { count }) => sum + count, 0) === 12 && found;
    }, 'the wrong passwords');
    expect(entries.map(({ deviceName }) => deviceName)).toEqual(entries.map(() => ''));
    expect(entries.length).toBeLessThanOrEqual(6);
    if (ipOf(0).includes(':')) expect(entries).toHaveLength(1);
  });

  test('who have the password leave the owner a challenge, a prompt, a mail and a report', async () => {
    const phone = await servers.trusted();
    const report = (handset: Handset, { token }: { token: string }) =>
      handset.graphql(CREATE_SUPPORT_REPORT, { token }, { token: null });
    for (let nth = 0; nth < 8; nth += 1) {
      const thief = from(ipOf(nth), phone.another('Thief'));
      const outcome = await thief.signIn();
      if (outcome.__typename !== 'Challenge') continue;
      await thief.sendCode(outcome, 'EMAIL');
      for (let reports = 0; reports < 3; reports += 1) await report(thief, outcome);
    }
    const laptop = from(ownerIp, phone.another('Laptop'));
    const challenge = await laptop.challenged();
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    expect(await isWithheld(challenge.id)).toBe(false);
    expect((await report(laptop, challenge)).errors).toEqual([]);
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
  });
});

test('what is limited is limited all the same, from one place and from everywhere', async () => {
  const phone = await servers.trusted();
  const outcomes: string[] = [];
  for (let nth = 0; nth < 3 * PER_HOME + 3; nth += 1) {
    const { __typename } = await from(`10.${nth}.0.1`, phone.another('Thief')).signIn();
    outcomes.push(__typename);
  }
  // One of them set two-step verification up.
  expect(outcomes).toEqual([
    ...Array.from({ length: 3 * PER_HOME - 1 }, () => 'Challenge'),
    ...Array.from({ length: 4 }, () => 'TemporarilyLocked'),
  ]);
});

test('a wrong password on a known device shows the name that its owner gave it', async () => {
  const phone = await servers.trusted();
  const { id } = await deviceOf(phone);
  await phone.ask('mutation ($id: ID!) { result: renameDevice(id: $id, name: "My phone") { id } }', { id });
  asA('InvalidCredentials', await phone.signIn({ password: WRONG, device: { name: 'call 555' } }));
  const [entry] = await until(async () => {
    const found = await activityOf(phone, { types: ['WRONG_PASSWORD'] });
    return found.length > 0 && found;
  }, 'the entry');
  expect(entry).toMatchObject({ deviceName: 'My phone', device: { id } });
});

test('a device of the account asks for a reset although its neighbours have used up the network', async () => {
  await using few = await Servers.start({ limits: { OPEN_CHALLENGES_PER_IP_HOUR: 3 } });
  const phone = await few.signedUp();
  for (let nth = 0; nth < 3; nth += 1) await requestReset(few.stranger()).catch(() => undefined);
  await expect(requestReset(few.stranger())).rejects.toThrow('RATE_LIMITED');
  const asked = await phone.client.graphql(
    'mutation ($email: EmailAddress!, $token: String) { requestPasswordReset(email: $email, deviceToken: $token) { id } }',
    { email: phone.owner.email, token: phone.deviceToken },
  );
  expect(asked.errors).toEqual([]);
});

test('wrong codes of somebody else do not keep a code from the owner', async () => {
  const phone = await servers.trusted();
  const thief = from('203.0.113.7', phone.another('Thief'));
  const stolen = await thief.challenged();
  const wrong = wrongCode(await codeShownOn(phone, stolen));
  for (let nth = 0; nth < 5; nth += 1) await thief.verify(stolen, wrong);
  await letIn(phone, from('198.51.100.8', phone.another('Laptop')));
});
