import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge, type Outcome } from '../support/outcomes.js';
import { changePassword, member, type OwnerOutcome, requestReset, resetPassword } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { putSubject, startAddressProof, subjectOf } from '../support/subjects.js';
import type { Subscription } from '../support/subscription.js';
import { until } from '../support/waiting.js';

// Who has an account must not be told by anything that a stranger can do with an address. Each script is done in the same
// way with the address of somebody who has an account, with one that nobody has, and with that of a subject: of people whom
// products hold themselves nothing is told here, not even that they are there.

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;
let shop: Backend;

beforeAll(async () => {
  servers = await Servers.start({ limits: { OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 4, RESEND_SECONDS: 1 } });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

/** What is random, or passes by itself, taken out. */
function shown(answer: object): object {
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => {
      if (name === 'id') return [name, typeof value];
      if (name === 'token') return [name, String(value).length];
      if (name === 'sentTo') return [name, String(value).replace(/^\w/, '?')];
      const isInstant = /At$/.test(name) && typeof value === 'string';
      return [name, isInstant ? `${Math.round((Date.parse(value) - Date.now()) / 60_000)} min from now` : value];
    }),
  );
}

/** The owner of an account that reads Russian, whose password is changed in the middle; or nobody. */
interface Side {
  readonly asker: Handset;
  readonly owner: Handset | null;
}

async function knownSide(): Promise<Side> {
  const owner = await servers.trusted();
  await servers.database.query("update account set locale = 'ru' where email = $1", [owner.owner.email]);
  // An account that was opened this hour has had a mail for that.
  await servers.database.age('delivery', '2 hours', 'to_address = $1', [owner.owner.email]);
  return { asker: owner.another('Stranger'), owner };
}

const unknownSide = (): Side => ({ asker: servers.stranger(), owner: null });

/** A subject that reads Russian, is told of things, and whose address another one wants to have as well. */
async function heldSide(): Promise<Side> {
  const asker = servers.stranger();
  const { email } = asker.owner;
  const { externalId } = await subjectOf(servers, shop, { email, locale: 'ru' });
  await putSubject(shop, { externalId });
  const another = await subjectOf(servers, shop);
  await putSubject(shop, { externalId: another.externalId, email });
  for (let nth = 0; nth < 3; nth += 1) await startAddressProof(another);
  return { asker, owner: null };
}

async function changeOfPassword({ owner }: Side): Promise<void> {
  if (owner) member('PasswordChanged', await changePassword(owner, 'copper-meadow-31-violin'));
}

/** Ways to start a challenge with no more than an address, and the field that its codes go to. */
const doors: Record<
  string,
  {
    readonly start: (asker: Handset) => Promise<Challenge>;
    readonly type: (asker: Handset, challenge: Challenge, code: string) => Promise<Outcome | OwnerOutcome>;
  }
> = {
  signUp: {
    start: async (asker) => asA('Challenge', await asker.signUp(NEW_PASSWORD)),
    type: (asker, challenge, code) => asker.verify(challenge, code),
  },
  requestPasswordReset: {
    start: (asker) => requestReset(asker),
    type: (asker, challenge, code) => resetPassword(asker, challenge, code, NEW_PASSWORD),
  },
};

describe.each(Object.entries(doors))('of %s', (_name, { start, type }) => {
  /** The next event, and whether it came at once. */
  async function event(changes: Subscription<Challenge>): Promise<unknown> {
    const asked = performance.now();
    const challenge = shown(await changes.next());
    return { challenge, atOnce: performance.now() - asked < 2000 };
  }

  /** As soon as it may be sent again. */
  const sendAgain = ({ asker }: Side, challenge: Challenge) =>
    until(async () => {
      const sent = await asker.sendCode(challenge, 'EMAIL');
      return sent.__typename !== 'ResendTooSoon' && sent;
    }, 'a send that does not come too soon');

  async function script(side: Side): Promise<unknown[]> {
    const { asker } = side;
    const lines: unknown[] = [];
    const challenge = await start(asker);
    lines.push(shown(challenge), shown(await asker.challenge(challenge)));
    await using changes = asker.challengeChanges(challenge);
    lines.push(await event(changes));
    lines.push(shown(await asker.sendCode(challenge, 'APP')));
    for (let nth = 0; nth < 6; nth += 1) {
      const sent = await sendAgain(side, challenge);
      lines.push(shown(sent));
      if (sent.__typename === 'Challenge') lines.push(await event(changes));
      if (nth === 2) await changeOfPassword(side);
    }
    for (let nth = 0; nth < 4; nth += 1) {
      lines.push(await type(asker, challenge, `0000000${nth}`), await event(changes));
      lines.push(shown(await asker.challenge(challenge)));
    }
    lines.push(await type(asker, challenge, '00000004'));
    lines.push(shown(await changes.nextThat(({ state }) => state !== 'PENDING')));
    await changes.completed();
    lines.push(await type(asker, challenge, '00000005'), shown(await asker.challenge(challenge)));
    lines.push(await asker.sendCode(challenge, 'EMAIL'));
    lines.push(
      await servers.database.row(
        `select c.state, c.tries, c.sends, c.method, c.password_hash is null as hash_gone, count(d.id)::int as deliveries,
           count(d.id) filter (where d.is_withheld)::int as withheld
         from challenge c join delivery d on d.challenge_id = c.id where c.id = $1 group by c.id`,
        [challenge.id],
      ),
    );
    return lines;
  }

  test('the script of sends, codes, events and a change of the password is the same for anybody', async () => {
    const [known, unknown, held] = await Promise.all([
      script(await knownSide()),
      script(unknownSide()),
      script(await heldSide()),
    ]);
    expect(known).toEqual(unknown);
    expect(held).toEqual(unknown);
    expect(JSON.stringify(known)).toMatch(/LOCKED/);
    // Nothing shows what only an owner may be told.
    for (const told of [/"APP"/, /CANCELLED/, /DENIED/, /[а-я]/]) expect(JSON.stringify(known)).not.toMatch(told);
  });

  test('the end of its time is the same for anybody, seen from outside and in the rows', async () => {
    const ends = async ({ asker }: Side) => {
      const challenge = await start(asker);
      await servers.database.query(
        "update challenge set last_mail_send_at = clock_timestamp() + interval '39 seconds' where id = $1",
        [challenge.id],
      );
      const tooSoon = await asker.sendCode(challenge, 'EMAIL');
      await servers.database.query(
        "update challenge set expires_at = clock_timestamp() + interval '500 milliseconds' where id = $1",
        [challenge.id],
      );
      await using changes = asker.challengeChanges(challenge);
      const last = await changes.nextThat(({ state }) => state !== 'PENDING');
      await changes.completed();
      const afterwards = [await type(asker, challenge, '00000000'), await asker.sendCode(challenge, 'EMAIL')];
      return [shown(tooSoon), shown(last), shown(await asker.challenge(challenge)), ...afterwards];
    };
    const [known, unknown] = [await ends(await knownSide()), await ends(unknownSide())];
    expect(known).toEqual(unknown);
    expect(await ends(await heldSide())).toEqual(unknown);
    expect(known.slice(0, 2)).toMatchObject([{ __typename: 'ResendTooSoon' }, { state: 'EXPIRED' }]);
  });

  test('the mails of an hour are counted the same for anybody', async () => {
    const asksOften = async ({ asker }: Side) => {
      const lines: unknown[] = [];
      for (let nth = 0; nth < 6; nth += 1) {
        const { id } = await start(asker);
        lines.push(await servers.database.row('select is_withheld from delivery where challenge_id = $1', [id]));
      }
      return lines;
    };
    const [known, unknown] = [await asksOften(await knownSide()), await asksOften(unknownSide())];
    expect(known).toEqual(unknown);
    expect(await asksOften(await heldSide())).toEqual(unknown);
    expect(known.slice(-2)).toEqual([{ is_withheld: true }, { is_withheld: true }]);
  });
});

test('of signIn, wrong passwords are answered and slowed down the same for anybody', async () => {
  const script = async (side: Side) => {
    const lines: unknown[] = [];
    for (let nth = 0; nth < 9; nth += 1) {
      lines.push(shown(await side.asker.signIn({ password: `not the password ${nth}` })));
      if (nth === 2) await changeOfPassword(side);
      if (nth === 6) {
        const past = 'update password_attempt set delayed_until = clock_timestamp()';
        await servers.database.query(past);
      }
    }
    side.asker.deviceToken = `dev_${'A'.repeat(43)}`;
    lines.push(shown(await side.asker.signIn({ password: 'not the password either' })));
    return lines;
  };
  const [known, unknown] = [await script(await knownSide()), await script(unknownSide())];
  expect(known).toEqual(unknown);
  expect(await script(await heldSide())).toEqual(unknown);
  expect(known[8]).toMatchObject({ __typename: 'InvalidCredentials', retryAt: expect.stringContaining('from now') });
});
