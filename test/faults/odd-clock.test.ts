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
