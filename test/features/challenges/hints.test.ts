import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asA } from '../../support/outcomes.js';
import { resetByMail } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

const NEW_PASSWORD = 'granite-teapot-31-voyage';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
});
afterAll(() => servers[Symbol.asyncDispose]());

test('the hint changes live when the only trusted device goes offline in the middle', async () => {
  const phone = await servers.trusted(0);
  const laptop = phone.another('Laptop', servers.client(1));
  const live = phone.loginRequests();
  const challenge = await laptop.challenged();
  await live.next();
  await using changes = laptop.challengeChanges(challenge);
  const shown = await changes.nextThat(({ deliveries }) => deliveries[0]?.state === 'SENT');
  expect(shown.deliveries[0]).toMatchObject({ reason: 'NOT_YET_ACKNOWLEDGED', devicesReached: 1 });

  await live[Symbol.asyncDispose]();
  const gone = await changes.nextThat(({ deliveries }) => deliveries[0]?.reason !== 'NOT_YET_ACKNOWLEDGED');
  expect(gone.deliveries[0]).toMatchObject({ state: 'SENT', reason: 'NO_TRUSTED_DEVICE_ONLINE', devicesReached: 1 });
  expect(gone.deliveries[0]?.hint).toMatch(/None of your trusted devices is online/);

  await using again = phone.loginRequests();
  await again.next();
  const back = await changes.nextThat(({ deliveries }) => deliveries[0]?.reason === 'NOT_YET_ACKNOWLEDGED');
  expect(back.state).toBe('PENDING');
});

test('a code that no device was given yet is said to be on its way, not to be there', async () => {
  const phone = await servers.trusted();
  // Online by its presence, and served by no server.
  await servers.database.query(
    `insert into presence (device_id, server_id)
     select d.id, gen_random_uuid() from device d join account a on a.id = d.account_id where a.email = $1`,
    [phone.owner.email],
  );
  const [delivery] = (await phone.another('Laptop').challenged()).deliveries;
  expect(delivery).toMatchObject({ state: 'QUEUED', devicesReached: 0 });
  expect(delivery?.hint).toMatch(/^We’re sending the code to your trusted devices\./);
});

test('after a reset of the password no hint offers mail to a device that it is held from, or names devices that are not there', async () => {
  await using paused = await Servers.start({ limits: { PROMPTS_UNANSWERED: 2 } });
  const phone = await paused.trusted();
  await resetByMail(phone, NEW_PASSWORD);
  const hintFor = async (name: string) => {
    const newcomer = phone.another(name);
    const challenge = asA('Challenge', await newcomer.signIn({ password: NEW_PASSWORD }));
    return { challenge, newcomer, hint: challenge.deliveries[0]?.hint };
  };
  expect((await hintFor('Tablet')).hint).toMatch(
    /^You have no trusted devices .* First sign in on a device that was trusted/,
  );

  const back = asA('Challenge', await phone.signIn({ password: NEW_PASSWORD }));
  asA('SignedIn', await phone.verify(back, await paused.mailbox.code(phone.owner.email)));
  const live = phone.loginRequests();
  await live.next();
  const { challenge, newcomer } = await hintFor('Laptop');
  const codes = newcomer.challengeChanges(challenge);
  const shown = await codes.nextThat(({ deliveries }) => deliveries[0]?.state === 'SENT');
  expect(shown.deliveries[0]?.hint).toMatch(/isn’t on the screen yet\. Open Doorstep there\.$/);
  expect((await hintFor('Notebook')).hint).toMatch(
    /not asking your trusted devices right now\. Wait a while, then start again\.$/,
  );

  await live[Symbol.asyncDispose]();
  const gone = await codes.nextThat(({ deliveries }) => deliveries[0]?.reason === 'MAIL_HELD');
  expect(gone.deliveries[0]).toMatchObject({ state: 'SENT', hint: expect.stringMatching(/only in (1 day|24 hours)/) });
  await codes[Symbol.asyncDispose]();
});
