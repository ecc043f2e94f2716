import { randomInt, randomUUID } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Doorstep, ExternalId, StartedVerification } from '@doorstep/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import { Backend } from '../../support/backend.js';
import { Door } from '../../support/doors.js';
import { Handset, newOwner } from '../../support/handset.js';
import { asA, type Outcome } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';

// @doorstep/server: a second step for users whom the product holds itself.

let servers: Servers;
let shop: Backend;
let door: Door;
beforeAll(async () => {
  servers = await Servers.start();
  shop = await Backend.add(servers);
  door = Door.of(shop);
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  await servers[Symbol.asyncDispose]();
});

const BEGIN = `mutation ($token: String!, $device: DeviceInput!, $deviceToken: String) {
  result: beginVerification(challengeToken: $token, device: $device, deviceToken: $deviceToken) {
    __typename ... on Problem { message }
    ... on SignedIn { sessionToken deviceToken receipt } ... on Challenge { token method } } }`;
const VERIFY = `mutation ($token: String!, $code: String!) {
  result: verifyCode(challengeToken: $token, code: $code) {
    __typename ... on Problem { message } ... on SignedIn { sessionToken deviceToken receipt } } }`;
const CONFIRM = `mutation ($token: String!, $code: String!) {
  result: confirmAction(challengeToken: $token, code: $code) {
    __typename ... on Problem { message } ... on Confirmed { receipt } } }`;

/** A user of the product, on a device that Doorstep does not know yet. */
class User {
  readonly phone = new Handset(servers.client(), servers.mailbox, newOwner());

  constructor(readonly externalId: ExternalId = randomUUID()) {}

  get email(): string {
    return this.phone.owner.email;
  }

  /** Told to Doorstep. */
  static async told(externalId?: ExternalId): Promise<User> {
    const user = new User(externalId);
    await door.its.putSubject(user);
    return user;
  }

  /** The same with two-step verification on: the phone is the one trusted device. */
  static async trusted(externalId?: ExternalId): Promise<User> {
    const user = await User.told(externalId);
    const { requestId, started } = await user.start('ENABLE_TWO_STEP');
    await door.its.redeem(requestId, await user.pass(user.phone, started));
    return user;
  }

  async start(purpose: 'SIGN_IN' | 'ENABLE_TWO_STEP', requestId: string = randomUUID()) {
    const { externalId } = this;
    const epoch = (await door.its.subject(externalId))?.epoch ?? -1;
    return { requestId, started: await door.its.verify({ requestId, externalId, epoch, purpose }) };
  }

  begin(device: Handset, started: StartedVerification): Promise<Outcome> {
    const { deviceToken, name } = device;
    return device.ask(BEGIN, { token: tokenOf(started), deviceToken, device: { name, platform: 'LINUX' } });
  }

  /** Types the code that is mailed. @returns the receipt */
  async pass(device: Handset, started: StartedVerification): Promise<string> {
    const challenge = asA('Challenge', await this.begin(device, started));
    const code = await servers.mailbox.code(this.email);
    return this.keep(device, await device.ask(VERIFY, { token: challenge.token, code }));
  }

  keep(device: Handset, outcome: Outcome): string {
    const { sessionToken, deviceToken, receipt } = asA('SignedIn', outcome) as unknown as Record<string, string>;
    Object.assign(device, { sessionToken, deviceToken });
    return receipt ?? '';
  }
}

function tokenOf(started: StartedVerification): string {
  if (started.__typename !== 'VerificationStarted') throw new Error(`not started: ${started.__typename}`);
  return started.challengeToken;
}

test('tells Doorstep of a user, and reads what it knows', async () => {
  const user = new User();
  expect(await door.its.subject(user.externalId)).toBeNull();
  const put = await door.its.putSubject({ ...user, email: user.email, locale: 'de' });
  expect(put).toMatchObject({
    externalId: user.externalId,
    email: user.email,
    twoStepEnabled: false,
    pendingEmail: null,
  });
  expect(await door.its.putSubject({ ...user, email: user.email })).toEqual(put);
  expect(await door.its.subject(user.externalId)).toEqual(put);
});

test.each([
  ['numbers', (id: number) => id],
  ['counts further than numbers reach', (id: number) => BigInt(id) + 2n ** 60n],
])('a user whom the product %s may be named so, and is text at Doorstep', async (_, numbered) => {
  const externalId = numbered(randomInt(2 ** 47));
  const { email } = new User();
  const told = await door.its.putSubject({ externalId, email });
  expect(told).toMatchObject({ externalId: String(externalId), email });
  expect(await door.its.subject(externalId)).toEqual(told);
  expect(await door.its.subject(String(externalId))).toEqual(told);
  const options = { requestId: randomUUID(), externalId, epoch: told.epoch };
  const started = await door.its.verify({ ...options, purpose: 'ENABLE_TWO_STEP' });
  expect(started).toMatchObject({ verification: { externalId: String(externalId) } });
});

test.each([undefined, null, true, Number.NaN, 1.5, 2 ** 53, ['7'], {}])(
  'what is no id of a user is not asked about: %p',
  async (id) => {
    const externalId = id as unknown as string;
    const asked = { requestId: randomUUID(), externalId };
    const ask = async () => {
      await expect(door.its.subject(externalId)).rejects.toThrow(TypeError);
      await expect(door.its.putSubject({ externalId, email: 'ada@example.com' })).rejects.toThrow(TypeError);
      await expect(door.its.verify({ ...asked, epoch: 0, purpose: 'SIGN_IN' })).rejects.toThrow(TypeError);
    };
    expect(await door.questionsDuring(ask)).toBe(0);
  },
);

describe('a verification', () => {
  test('is proven once, by its own receipt, to the client that started it', async () => {
    const user = await User.told();
    const { requestId, started } = await user.start('ENABLE_TWO_STEP');
    const receipt = await user.pass(user.phone, started);
    expect(await door.its.redeem(randomUUID(), receipt)).toBeNull();
    await using other = Door.of(await Backend.add(servers));
    expect(await other.its.redeem(requestId, receipt)).toBeNull();
    const verified = await door.its.redeem(requestId, receipt);
    expect(verified).toMatchObject({
      externalId: user.externalId,
      purpose: 'ENABLE_TWO_STEP',
      method: 'EMAIL',
      action: null,
    });
    expect(verified).not.toHaveProperty('__typename');
    expect(await door.its.checkId(verified?.session?.id)).toMatchObject({
      externalId: user.externalId,
      isTrusted: true,
    });
    expect(await door.its.redeem(requestId, receipt)).toBeNull();
    expect(await door.its.subject(user.externalId)).toMatchObject({ twoStepEnabled: true });
  });

  test('takes no code on a trusted device', async () => {
    const user = await User.trusted();
    const { requestId, started } = await user.start('SIGN_IN');
    const receipt = user.keep(user.phone, await user.begin(user.phone, started));
    expect(await door.its.redeem(requestId, receipt)).toMatchObject({ purpose: 'SIGN_IN', method: null });
  });

  test('is the same one however often it is started', async () => {
    const user = await User.trusted();
    const { requestId, started } = await user.start('SIGN_IN');
    expect((await user.start('SIGN_IN', requestId)).started).toEqual(started);
  });

  test('is not started where there is nothing to wait for', async () => {
    const user = await User.told();
    const nobody = new User();
    const startOf = async (who: User, epoch = 0) =>
      (await door.its.verify({ requestId: randomUUID(), externalId: who.externalId, epoch, purpose: 'SIGN_IN' }))
        .__typename;
    expect((await user.start('SIGN_IN')).started.__typename).toBe('TwoStepOff');
    expect(await startOf(nobody)).toBe('UnknownSubject');
    const trusted = await User.trusted();
    const epoch = (await door.its.subject(trusted.externalId))?.epoch ?? 0;
    expect(await startOf(trusted, epoch - 1)).toBe('StaleFirstFactor');
    expect((await trusted.start('ENABLE_TWO_STEP')).started.__typename).toBe('TwoStepAlreadyEnabled');
  });
});

test('an action is confirmed by a code that stands for it', async () => {
  const user = await User.trusted(randomInt(2 ** 47));
  const laptop = user.phone.another('Laptop');
  const { requestId: signIn, started: signInStarted } = await user.start('SIGN_IN');
  const asked = asA('Challenge', await user.begin(laptop, signInStarted));
  const { loginRequests } = await user.phone.ask<{ loginRequests: { code: string }[] }>(
    '{ result: viewer { loginRequests { code } } }',
  );
  const receipt = user.keep(laptop, await laptop.ask(VERIFY, { token: asked.token, code: loginRequests[0]?.code }));
  const sessionId = (await door.its.redeem(signIn, receipt))?.session?.id ?? '';
  const requestId = randomUUID();
  const action = { title: 'Close your account', fields: [{ label: 'Balance', value: '12 €' }] };
  const started = await door.its.confirm({ requestId, externalId: user.externalId, sessionId, ...action });
  const challenge = asA('Challenge', await user.begin(laptop, started));
  const { confirmations } = await user.phone.ask<{ confirmations: { code: string; action: unknown }[] }>(
    '{ result: viewer { confirmations { code action { title fields { label value } } } } }',
  );
  expect(confirmations).toEqual([{ code: expect.stringMatching(/^\d{8}$/), action }]);
  const outcome = await laptop.ask(CONFIRM, { token: challenge.token, code: confirmations[0]?.code });
  const { receipt: proof } = outcome as unknown as { receipt: string };
  expect(await door.its.redeem(requestId, proof)).toMatchObject({
    externalId: String(user.externalId),
    purpose: 'CONFIRM',
    method: 'APP',
    action,
    session: null,
  });
});

test.each([undefined, null, '', 'nonsense', ['rcp_'], { $ne: '' }, `ses_${'A'.repeat(43)}`])(
  'what cannot be a receipt is not asked about: %j',
  async (receipt) => {
    const redeem = async () => expect(await door.its.redeem(randomUUID(), receipt)).toBeNull();
    expect(await door.questionsDuring(redeem)).toBe(0);
  },
);

test.each([undefined, null, ''])('a receipt without a verification is not asked about: %j', async (requestId) => {
  const redeem = async () => expect(await door.its.redeem(requestId, `rcp_${'A'.repeat(43)}`)).toBeNull();
  expect(await door.questionsDuring(redeem)).toBe(0);
});

describe('second-step.js of examples/your-own-login', () => {
  /** What this test asks of it. */
  interface SecondStep {
    start(
      user: unknown,
      purpose: string,
      epoch: number,
    ): Promise<{ asked?: { challengeToken: string }; problem?: string }>;
    confirm(user: unknown, sessionId: string | null, title: string, fields: []): Promise<{ problem?: string }>;
    redeem(
      session: { userId: ExternalId; asked: unknown },
      receipt: string,
    ): Promise<{ session: { id: string } } | null>;
    signedOut(session: { doorstepId: string | null } | null): Promise<void>;
  }

  async function secondStep(): Promise<SecondStep> {
    const file = pathToFileURL(path.join(projectRoot, 'examples/your-own-login/second-step.js'));
    const module = (await import(file.href)) as { SecondStep: new (door: Doorstep) => SecondStep };
    return new module.SecondStep(door.its);
  }

  test('proves a user with a number, and signs out at Doorstep too', async () => {
    const step = await secondStep();
    const user = await User.told(randomInt(2 ** 47));
    const epoch = (await door.its.subject(user.externalId))?.epoch ?? -1;
    const { asked } = await step.start({ id: user.externalId }, 'ENABLE_TWO_STEP', epoch);
    const challenge = await user.phone.ask(BEGIN, {
      ...{ token: asked?.challengeToken, deviceToken: null, device: { name: 'Phone', platform: 'LINUX' } },
    });
    const code = await servers.mailbox.code(user.email);
    const { token } = asA('Challenge', challenge as Outcome);
    const receipt = user.keep(user.phone, await user.phone.ask(VERIFY, { token, code }));
    const verified = await step.redeem({ userId: user.externalId, asked }, receipt);
    const doorstepId = verified?.session.id ?? '';
    expect(await door.its.checkId(doorstepId)).not.toBeNull();
    await step.signedOut({ doorstepId });
    expect(await door.its.checkId(doorstepId)).toBeNull();
    // Once more, one that nobody knows, and none.
    for (const gone of [doorstepId, randomUUID(), null]) await step.signedOut({ doorstepId: gone });
    await step.signedOut(null);
  });

  test('says so where no session of Doorstep asks', async () => {
    const step = await secondStep();
    const user = { id: randomInt(2 ** 47) };
    const problem = expect.stringContaining('two-step verification');
    expect(await step.confirm(user, null, 'Close it', [])).toEqual({ problem });
    expect(await step.start(user, 'DISABLE_TWO_STEP', 0)).toEqual({ problem });
  });
});
