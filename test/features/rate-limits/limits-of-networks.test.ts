import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Handset } from '../../support/handset.js';
import { asA, type Challenge, type Outcome } from '../../support/outcomes.js';
import { requestReset } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { Visitor } from '../../support/visitor.js';

const MOST = 3;

describe.each(backEnds)('of one client network, counted on $name over two servers,', ({ redis }) => {
  let servers: Servers;
  let nextNetwork = 0;

  beforeAll(async () => {
    servers = await Servers.start({
      count: 2,
      redis,
      env: { TRUST_PROXY: '127.0.0.1,::1' },
      limits: {
        CHALLENGES_PER_IP_HOUR: MOST,
        OPEN_CHALLENGES_PER_IP_HOUR: MOST,
        PASSWORD_FAILURES_PER_IP_HOUR: MOST,
        OPEN_MAILS_PER_ADDRESS_HOUR: 5,
        OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 2,
      },
    });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** An address that no other test comes from. */
  const newNetwork = () => `203.0.113.${++nextNetwork}`;

  /** The device as it comes from an address, by one server or the other. */
  let requests = 0;
  function from(ip: string, handset = servers.stranger()): Handset {
    const visitor = new Visitor(servers.client(++requests % 2).url, { 'x-forwarded-for': ip });
    const there = new Handset(visitor, servers.mailbox, handset.owner, handset.name);
    there.sessionToken = handset.sessionToken;
    there.deviceToken = handset.deviceToken;
    return there;
  }

  /** A phone that is trusted, from a network of its own. */
  async function trusted(): Promise<Handset> {
    const phone = from(newNetwork());
    const challenge = asA('Challenge', await phone.signUp());
    asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    await phone.turnOnTwoStep();
    return phone;
  }

  const codeOf = (answer: Promise<Outcome | Challenge>): Promise<string> =>
    answer.then(
      ({ __typename }) => __typename,
      (error: Error) => /RATE_LIMITED/.exec(error.message)?.[0] ?? error.message,
    );

  test('wrong passwords over all addresses are PASSWORD_FAILURES_PER_IP_HOUR', async () => {
    const [network, phone] = [newNetwork(), await trusted()];
    for (let nth = 0; nth < MOST; nth += 1) {
      expect(asA('InvalidCredentials', await from(network).signIn()).retryAt).toBeNull();
    }
    const laptop = phone.another('Laptop');
    expect(asA('InvalidCredentials', await from(network, laptop).signIn()).retryAt).not.toBeNull();
    asA('Challenge', await from(newNetwork(), laptop).signIn());
    // Of a neighbour that the account knows it is asked nothing of the kind.
    asA('SignedIn', await from(network, phone).signIn());
  });

  test('a network that is blocked has nothing written for it', async () => {
    const network = newNetwork();
    for (let nth = 0; nth < MOST; nth += 1) await from(network).signIn();
    const written = () =>
      Promise.all([
        servers.database.count('password_attempt'),
        servers.database.query('select key, points, expire from rate_limit order by key'),
      ]);
    const before = await written();
    expect(asA('InvalidCredentials', await from(network).signIn()).retryAt).not.toBeNull();
    for (let nth = 0; nth < MOST; nth += 1) await from(network).signUp();
    const open = await written();
    expect(await codeOf(from(network).signUp())).toBe('RATE_LIMITED');
    expect(await codeOf(requestReset(from(network)))).toBe('RATE_LIMITED');
    expect([before[0], await written()]).toEqual([open[0], open]);
  });

  test('right passwords are not counted as wrong ones', async () => {
    const network = newNetwork();
    const phone = await trusted();
    for (let nth = 0; nth < MOST; nth += 1) asA('Challenge', await from(network, phone.another('Laptop')).signIn());
    expect(asA('InvalidCredentials', await from(network).signIn()).retryAt).toBeNull();
  });

  test('sign-ins of unknown devices are CHALLENGES_PER_IP_HOUR', async () => {
    const network = newNetwork();
    const phones = [await trusted(), await trusted()];
    for (let nth = 0; nth < MOST; nth += 1) {
      expect(await codeOf(from(network, phones[nth % 2]?.another('Laptop')).signIn())).toBe('Challenge');
    }
    expect(await codeOf(from(network, phones[0]?.another('Laptop')).signIn())).toBe('RATE_LIMITED');
    expect(await codeOf(from(newNetwork(), phones[0]?.another('Laptop')).signIn())).toBe('Challenge');
    expect(await codeOf(from(network, phones[0]).signIn())).toBe('SignedIn');
  });

  test.each<[string, (handset: Handset) => Promise<Outcome | Challenge>]>([
    ['a sign-up', (handset) => handset.signUp()],
    ['a reset', (handset) => requestReset(handset)],
  ])('sign-ups and resets are OPEN_CHALLENGES_PER_IP_HOUR together, and %s is one too many', async (_what, ask) => {
    const network = newNetwork();
    asA('Challenge', await from(network).signUp());
    for (let nth = 1; nth < MOST; nth += 1) await requestReset(from(network));
    expect(await codeOf(ask(from(network)))).toBe('RATE_LIMITED');
    expect(await codeOf(ask(from(newNetwork())))).toBe('Challenge');
  });

  test('a /64 of IPv6 is one, and a /48 may do ten times what one of them may', async () => {
    const site = `2001:db8:${(++nextNetwork).toString(16)}`;
    for (let nth = 0; nth < 10 * MOST; nth += 1) {
      const network = `${site}:${Math.floor(nth / MOST)}::${nth + 1}`;
      expect([network, await codeOf(requestReset(from(network)))]).toEqual([network, 'Challenge']);
    }
    expect(await codeOf(requestReset(from(`${site}:0::99`)))).toBe('RATE_LIMITED');
    expect(await codeOf(requestReset(from(`${site}:ffff::1`)))).toBe('RATE_LIMITED');
    expect(await codeOf(requestReset(from('2001:db8:ffff:1::1')))).toBe('Challenge');
  });

  test('mails to one address are OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR, and from all OPEN_MAILS_PER_ADDRESS_HOUR', async () => {
    const stranger = servers.stranger();
    const withheld: boolean[] = [];
    const networks = [newNetwork(), newNetwork(), newNetwork(), newNetwork()];
    for (const network of [0, 0, 0, 1, 1, 1, 2, 2, 3].map((nth) => networks[nth] ?? '')) {
      const { id } = await requestReset(from(network, stranger));
      const found = servers.database.row<{ withheld: boolean }>(
        'select is_withheld as withheld from delivery where challenge_id = $1',
        [id],
      );
      withheld.push((await found).withheld);
    }
    // Those past a limit count like the others, so that asking again and again keeps it shut.
    expect(withheld).toEqual([false, false, true, false, false, true, true, true, true]);
  });

  test('past the mails of an hour a stranger who has one sent again is answered as ever, and nothing is sent', async () => {
    const stranger = servers.stranger();
    const [network, challenges] = [newNetwork(), [] as Challenge[]];
    for (let nth = 0; nth < 3; nth += 1) challenges.push(await requestReset(from(network, stranger)));
    const [first, , last] = challenges as [Challenge, Challenge, Challenge];
    await servers.database.query(
      `update challenge set last_mail_send_at = last_mail_send_at - interval '31 seconds' where email = $1`,
      [stranger.owner.email],
    );
    for (const challenge of [first, last]) {
      asA('Challenge', await from(network, stranger).sendCode(challenge, 'EMAIL'));
      const sends = 'challenge_id = $1 and is_withheld';
      expect(await servers.database.count('delivery', sends, [challenge.id])).toBe(challenge === last ? 2 : 1);
    }
  });
});
