import { expect, jest, test } from '@jest/globals';
import { asA } from '../support/outcomes.js';
import { codeShownOn, deviceOf, letIn } from '../support/owner.js';
import { Process } from '../support/processes.js';
import { backEnds, Servers } from '../support/servers.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

const HOURS_MS = 2 * 3_600_000;

test('a server whose clock is slow tells the end of a request as it comes', async () => {
  await using servers = await Servers.start();
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  await servers.database.query(
    "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
    [challenge.id],
  );
  // The machine's clock, which no other test fakes: what is shown is that it does not matter.
  const now = Date.now;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() - HOURS_MS);
  try {
    await using requests = phone.loginRequests();
    await using changes = laptop.challengeChanges(challenge);
    expect((await requests.next()).state).toBe('PENDING');
    expect((await requests.next()).state).toBe('EXPIRED');
    expect((await changes.nextThat(({ state }) => state !== 'PENDING')).state).toBe('EXPIRED');
  } finally {
    clock.mockRestore();
  }
});

/** Loaded before the product: a machine whose clock is so wrong. */
function clockWrongBy(ms: number): { nodeOptions: string[] } {
  const program = `const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...given) { given.length ? super(...given) : super(Right.now() + ${ms}); }
      static now() { return Right.now() + ${ms}; }
    };`;
  return { nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(program)}`] };
}

function expectBetween(value: unknown, least: number, most: number): void {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
}

const ASK = `mutation ($input: SignInInput!) { result: signIn(input: $input) { __typename
  ... on Challenge { id token expiresInSeconds resendInSeconds sendOptions { method retryInSeconds } }
  ... on SignedIn { sessionToken sessionExpiresInSeconds device { trustExpiresInSeconds } }
  ... on InvalidCredentials { retryInSeconds message } ... on TemporarilyLocked { retryInSeconds message } } }`;
const AGAIN = `mutation ($token: String!) { result: sendCode(challengeToken: $token, method: APP) { __typename
  ... on ResendTooSoon { retryInSeconds message } } }`;
const PROMPTS = '{ result: viewer { loginRequests { expiresInSeconds requestedSecondsAgo } } }';

test('a server whose clock is hours off tells the time that is left as it is, to clients and to people', async () => {
  await using servers = await Servers.start({ worker: false, limits: { PASSWORD_FAILURES_FREE: 1 } });
  await using wrong = await Process.launch('server', servers.environment(), clockWrongBy(HOURS_MS));
  await wrong.ready();
  await using worker = await Process.launch('worker', servers.environment());
  await worker.ready();
  const phone = await servers.trusted();
  const accountId = (await phone.viewer())?.id;
  const there = phone.twin(wrong.client);
  const laptop = phone.another('Laptop', wrong.client);
  const input = (password = laptop.owner.password, deviceToken: string | null = null) => ({
    input: { email: laptop.owner.email, password, device: { name: 'Laptop', platform: 'LINUX' }, deviceToken },
  });
  const day = 86_400;

  const challenge = await laptop.ask<Record<string, unknown>>(ASK, input());
  expectBetween(challenge.expiresInSeconds, 540, 600);
  expect(challenge).toMatchObject({
    sendOptions: [
      { method: 'APP', retryInSeconds: challenge.resendInSeconds },
      { method: 'EMAIL', retryInSeconds: 0 },
    ],
  });
  const tooSoon = await laptop.ask<{ retryInSeconds: number; message: string }>(AGAIN, { token: challenge.token });
  expectBetween(tooSoon.retryInSeconds, 1, 30);
  expect(tooSoon.message).toMatch(/in \d\d? seconds?/);
  const { loginRequests } = await there.ask<{ loginRequests: Record<string, number>[] }>(PROMPTS);
  expectBetween(loginRequests[0]?.expiresInSeconds, 540, 600);
  expectBetween(loginRequests[0]?.requestedSecondsAgo, 0, 60);

  const entered = await there.ask<Record<string, unknown>>(ASK, input(undefined, phone.deviceToken));
  expect(entered).toMatchObject({ sessionExpiresInSeconds: 90 * day });
  expectBetween((entered.device as Record<string, number>).trustExpiresInSeconds, 89 * day, 90 * day);

  await laptop.ask(ASK, input('not the password'));
  const slowed = await laptop.ask<{ retryInSeconds: number; message: string }>(ASK, input('not the password'));
  expectBetween(slowed.retryInSeconds, 1, 2);
  expect(slowed.message).toMatch(/in \d seconds?/);

  await servers.database.query(
    "update account set paused_until = clock_timestamp() + interval '10 minutes' where id = $1",
    [accountId],
  );
  const tablet = phone.another('Tablet', wrong.client);
  await servers.database.query('delete from password_attempt');
  const locked = await tablet.ask<{ retryInSeconds: number; message: string }>(ASK, input());
  expectBetween(locked.retryInSeconds, 540, 600);
  expect(locked.message).toMatch(/in (9|10) minutes/);
});

const YEARS_MS = 2 * 366 * 24 * 3_600_000;

test.each(backEnds)(
  'a server and a worker whose clocks are years off, each the other way, and one that is right serve what the others began, on $name',
  async ({ redis }) => {
    const offMs = redis ? YEARS_MS : -YEARS_MS;
    await using servers = await Servers.start({ redis, worker: false });
    await using wrong = await Process.launch('server', servers.environment(), clockWrongBy(offMs));
    await using worker = await Process.launch('worker', servers.environment(), clockWrongBy(-offMs));
    await Promise.all([wrong.ready(), worker.ready()]);
    const right = servers.client();

    const phone = servers.stranger().twin(wrong.client);
    const signUp = asA('Challenge', await phone.signUp());
    expect(Math.abs(Date.parse(signUp.expiresAt) - Date.now() - 600_000)).toBeLessThan(60_000);
    const entered = asA('SignedIn', await phone.verify(signUp, await servers.mailbox.code(phone.owner.email)));
    expect(Date.parse(entered.sessionExpiresAt)).toBeGreaterThan(Date.now());
    await phone.turnOnTwoStep();
    // The session and the trust that it gave are good on both.
    for (const twin of [phone.twin(right), phone]) {
      expect(await deviceOf(twin)).toMatchObject({ isTrusted: true });
      asA('SignedIn', await twin.signIn());
    }
    // A code that one of them made is shown by the other, and is good until the database's time is up.
    const laptop = phone.another('Laptop', right);
    const challenge = await laptop.challenged();
    const code = await codeShownOn(phone, challenge);
    await servers.database.age('challenge', '11 minutes', 'id = $1', [challenge.id]);
    for (const client of [right, wrong.client]) {
      const late = await laptop.twin(client).verify(challenge, code);
      expect(late).toMatchObject({ __typename: 'ChallengeClosed', state: 'EXPIRED' });
    }
    await letIn(phone, laptop);
  },
);
