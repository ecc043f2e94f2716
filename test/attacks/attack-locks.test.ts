import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asA, promptId } from '../support/outcomes.js';
import { Servers } from '../support/servers.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

// Whatever ends the account's sign-ins locks all of them, in an order that PostgreSQL chooses: two statements that each
// hold one and wait for the other's are a deadlock, and one of the two is torn down: a removal, or a change of password.
test('showing codes never holds one sign-in while it waits for another', async () => {
  const { database } = servers;
  const phone = await servers.trusted();
  const ids: string[] = [];
  for (const name of ['Laptop', 'Tablet', 'Hub', 'Watch']) ids.push((await phone.another(name).challenged()).id);
  for (const busy of ids) {
    await database.query('update challenge set code_given_at = null where id = any($1)', [ids]);
    const lock = 'select 1 from challenge where id = $1 for no key update';
    const { shown, free } = await database.holding(lock, [busy], async ({ waiters, release }) => {
      const shown = phone.viewer();
      await waiters(1);
      const free = await database.query('select id from challenge where id = any($1) for update skip locked', [ids]);
      await release();
      return { shown, free };
    });
    expect(free).toHaveLength(ids.length - 1);
    expect((await shown)?.loginRequests.map(({ code }) => code)).toEqual(ids.map(() => expect.any(String)));
  }
  const tablet = phone.another('Last');
  const challenge = await tablet.challenged();
  const code = (await phone.viewer())?.loginRequests.find(({ id }) => id === promptId(challenge))?.code;
  asA('SignedIn', await tablet.verify(challenge, code ?? ''));
});
