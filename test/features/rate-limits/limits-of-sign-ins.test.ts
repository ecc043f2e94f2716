import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Handset } from '../../support/handset.js';
import { asA, type Outcome } from '../../support/outcomes.js';
import { backEnds, Servers } from '../../support/servers.js';
import { Visitor } from '../../support/visitor.js';
import { until } from '../../support/waiting.js';

const SIGN_INS = 5;
const FAILURES = 30;
const NOTICES = 3;
const WRONG = 'not the right password';

let servers: Servers;
let networks = 0;
let requests = 0;

beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    env: { TRUST_PROXY: '127.0.0.1,::1' },
    limits: {
      SIGN_INS_PER_ACCOUNT_HOUR: SIGN_INS,
      PASSWORD_FAILURES_PER_ADDRESS_HOUR: FAILURES,
      NEW_DEVICE_NOTICES_HOUR: NOTICES,
      PASSWORD_FAILURES_FREE: 100,
      SESSIONS_PER_DEVICE: 1000,
    },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** An address in a /24 that no other has. */
const newNetwork = () => `10.${Math.floor(++networks / 200)}.${networks % 200}.7`;

/** The device as it comes from an address, by one server or the other. */
function from(ip: string, handset: Handset): Handset {
  const there = new Handset(
    new Visitor(servers.client(++requests % 2).url, { 'x-forwarded-for': ip }),
    servers.mailbox,
    handset.owner,
    handset.name,
  );
  there.deviceToken = handset.deviceToken;
  return there;
}

const outcomeOf = (answer: Promise<Outcome>): Promise<string> =>
  answer.then(
    (outcome) => ('retryAt' in outcome && outcome.retryAt ? 'wait' : outcome.__typename),
    (error: Error) => /RATE_LIMITED/.exec(error.message)?.[0] ?? error.message,
  );

const times = (count: number, outcome: string) => Array.from({ length: count }, () => outcome);
const sorted = async (answers: Promise<string>[]) => (await Promise.all(answers)).sort();

describe('sign-ins of an account', () => {
  test('on devices that it does not know are SIGN_INS_PER_ACCOUNT_HOUR, and a known one has as many of its own', async () => {
    const phone = await servers.signedUp();
    const tablet = phone.another('Tablet');
    asA('SignedIn', await tablet.signIn());
    for (let nth = 1; nth < SIGN_INS; nth += 1) asA('SignedIn', await phone.another(`Laptop ${nth}`).signIn());
    expect(await outcomeOf(phone.another('One more').signIn())).toBe('RATE_LIMITED');
    for (const known of [phone, tablet]) {
      for (let nth = 0; nth < SIGN_INS; nth += 1) asA('SignedIn', await known.signIn());
      expect(await outcomeOf(known.signIn())).toBe('RATE_LIMITED');
    }
    await servers.database.age('password_tally', '1 hour');
    asA('SignedIn', await phone.another('Later').signIn());
    asA('SignedIn', await phone.signIn());
  });

  test('are no more where they come at once over two servers', async () => {
    const phone = await servers.signedUp();
    const unknown = Array.from({ length: 16 }, (_, nth) => phone.another(`Laptop ${nth}`, servers.client(nth % 2)));
    const expected = [...times(16 - SIGN_INS, 'RATE_LIMITED'), ...times(SIGN_INS, 'SignedIn')];
    expect(await sorted(unknown.map((handset) => outcomeOf(handset.signIn())))).toEqual(expected);
    const known = Array.from({ length: 16 }, (_, nth) => phone.twin(servers.client(nth % 2)));
    expect(await sorted(known.map((handset) => outcomeOf(handset.signIn())))).toEqual(expected);
  });

  test('are not used up by whoever has not the password', async () => {
    const phone = await servers.signedUp();
    for (let nth = 0; nth <= SIGN_INS; nth += 1) await phone.another('Stranger').signIn({ password: WRONG });
    asA('SignedIn', await phone.another('Laptop').signIn());
  });
});

describe.each(backEnds)('sign-ins from one network, counted on $name,', ({ redis }) => {
  test('right or wrong, are SIGN_INS_PER_IP_HOUR, and a known device is not asked', async () => {
    await using few = await Servers.start({ count: 2, redis, limits: { SIGN_INS_PER_IP_HOUR: 4 } });
    const phone = await few.signedUp();
    const laptops = Array.from({ length: 6 }, (_, nth) => phone.another(`Laptop ${nth}`, few.client(nth % 2)));
    for (const [nth, laptop] of laptops.slice(0, 4).entries()) {
      expect(await outcomeOf(laptop.signIn(nth < 2 ? { password: WRONG } : {}))).toBe(
        nth < 2 ? 'InvalidCredentials' : 'SignedIn',
      );
    }
    expect(await outcomeOf((laptops[4] as Handset).signIn())).toBe('RATE_LIMITED');
    expect(await outcomeOf((laptops[5] as Handset).signIn({ password: WRONG }))).toBe('RATE_LIMITED');
    asA('SignedIn', await phone.signIn());
  });
});

describe('wrong passwords for one address', () => {
  const addresses: [string, () => Promise<Handset>][] = [
    ['somebody has', () => servers.signedUp()],
    ['nobody has', async () => servers.stranger()],
  ];

  /** From as many networks as are needed for it. */
  async function useUp(phone: Handset): Promise<string[]> {
    const used: string[] = [];
    for (let nth = 0; nth < FAILURES; nth += 1) {
      if (nth % 10 === 0) used.push(newNetwork());
      const asker = from(used.at(-1) ?? '', phone.another('Guesser'));
      expect(await outcomeOf(asker.signIn({ password: WRONG }))).toBe('InvalidCredentials');
    }
    return used;
  }

  test.each(addresses)(
    'that %s are PASSWORD_FAILURES_PER_ADDRESS_HOUR, and then one a minute from each network',
    async (_whose, person) => {
      const phone = await person();
      const used = await useUp(phone);
      for (const network of [...used, newNetwork()]) {
        const guesser = from(network, phone.another('Guesser'));
        if (used.includes(network)) await servers.database.age('password_tally', '1 minute');
        expect(await outcomeOf(guesser.signIn({ password: WRONG }))).toBe('InvalidCredentials');
        const neighbour = from(network.replace(/\d+$/, '99'), phone.another('Guesser'));
        for (const asker of [guesser, neighbour]) {
          expect(await outcomeOf(asker.signIn({ password: WRONG }))).toBe('wait');
        }
      }
      await servers.database.age('password_tally', '1 hour');
      const later = from(used[0] ?? '', phone.another('Guesser'));
      expect(await outcomeOf(later.signIn({ password: WRONG }))).toBe('InvalidCredentials');
      expect(await outcomeOf(later.signIn({ password: WRONG }))).toBe('InvalidCredentials');
    },
  );

  test('leave the owner a try from elsewhere, and a known device all of them', async () => {
    const phone = await servers.signedUp();
    await useUp(phone);
    for (let nth = 0; nth < 3; nth += 1) asA('SignedIn', await from(newNetwork(), phone).signIn());
    const network = newNetwork();
    asA('SignedIn', await from(network, phone.another('Laptop')).signIn());
    // The right one is not counted.
    asA('SignedIn', await from(network, phone.another('Tablet')).signIn());
  });

  test('count ten times of one /24 or /48', async () => {
    const phone = await servers.signedUp();
    for (const site of ['2001:db8:77', '10.99.99']) {
      for (let nth = 0; nth < FAILURES; nth += 1) {
        const ip = site.includes(':') ? `${site}:${nth}::1` : `${site}.${nth}`;
        expect(await outcomeOf(from(ip, phone.another('Guesser')).signIn({ password: WRONG }))).toBe(
          'InvalidCredentials',
        );
      }
    }
    // Twenty by now.
    const last = newNetwork();
    for (let nth = 0; nth < 10; nth += 1) {
      expect(await outcomeOf(from(last, phone.another('Guesser')).signIn({ password: WRONG }))).toBe(
        'InvalidCredentials',
      );
    }
    expect(await outcomeOf(from('10.99.99.200', phone.another('Guesser')).signIn({ password: WRONG }))).toBe('wait');
  });

  test('are compared no more often where they come at once over two servers', async () => {
    const phone = await servers.signedUp();
    const sites = [newNetwork(), newNetwork(), newNetwork(), newNetwork()];
    // One from each, so that none has a first try left.
    for (const site of sites) await from(site, phone.another('Guesser')).signIn({ password: WRONG });
    const guesses = Array.from({ length: 40 }, (_, nth) => {
      const guesser = from(sites[nth % 4] ?? '', phone.another('Guesser'));
      return outcomeOf(guesser.signIn({ password: WRONG }));
    });
    // Nine more of each of the four count; the thirtieth is the last one.
    const outcomes = await Promise.all(guesses);
    expect(outcomes.filter((outcome) => outcome === 'InvalidCredentials')).toHaveLength(FAILURES - sites.length);
    expect(outcomes.filter((outcome) => outcome === 'wait')).toHaveLength(40 - (FAILURES - sites.length));
  });
});

describe('mails about new devices', () => {
  const subjects = ({ owner }: Handset) => servers.mailbox.to(owner.email).map(({ subject }) => subject);
  const queued = ({ owner }: Handset) =>
    servers.database.query<{ more: number | null }>(
      `select (facts ->> 'more')::int as more from delivery where to_address = $1 and notice = 'NEW_DEVICE' order by created_at`,
      [owner.email],
    );
  const ageMails = ({ owner }: Handset) => servers.database.age('delivery', '1 hour', 'to_address = $1', [owner.email]);

  test('are NEW_DEVICE_NOTICES_HOUR, and then one that tells how many more', async () => {
    const phone = await servers.signedUp();
    for (let nth = 0; nth < SIGN_INS; nth += 1) asA('SignedIn', await phone.another(`Laptop ${nth}`).signIn());
    expect((await queued(phone)).map(({ more }) => more)).toEqual([...Array(NOTICES).fill(null), SIGN_INS - NOTICES]);
    await until(async () => subjects(phone).length === 1 + NOTICES, 'the first mails');
    await ageMails(phone);
    const { text } = await servers.mailbox.next(
      phone.owner.email,
      ({ subject }) => subject === 'New devices signed in to your account',
    );
    expect(text).toContain(`${SIGN_INS - NOTICES} more devices`);
    expect(text).not.toContain('Laptop');
    await servers.database.age('password_tally', '1 hour');
    asA('SignedIn', await phone.another('Next hour').signIn());
    expect((await queued(phone)).at(-1)).toEqual({ more: null });
  });

  test('are as many where they sign in at once over two servers', async () => {
    await using many = await Servers.start({
      count: 2,
      worker: false,
      limits: { NEW_DEVICE_NOTICES_HOUR: NOTICES, PASSWORD_FAILURES_FREE: 100 },
    });
    await many.add({ api: false, worker: true });
    const phone = await many.signedUp();
    const laptops = Array.from({ length: 16 }, (_, nth) => phone.another(`Laptop ${nth}`, many.client(nth % 2)));
    for (const outcome of await Promise.all(laptops.map((laptop) => laptop.signIn()))) asA('SignedIn', outcome);
    const written = await many.database.query<{ more: number | null }>(
      `select (facts ->> 'more')::int as more from delivery where notice = 'NEW_DEVICE' order by more nulls first`,
    );
    expect(written.map(({ more }) => more)).toEqual([...Array(NOTICES).fill(null), 16 - NOTICES]);
  });
});
