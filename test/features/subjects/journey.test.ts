import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { InboxMail } from '../../../src/embedded/inbox.js';
import { Backend } from '../../support/backend.js';
import { PERSON } from '../../support/backend-operations.js';
import { Handset } from '../../support/handset.js';
import { codeIn } from '../../support/mailbox.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import {
  bringDueIntoForce,
  deleteSubject,
  holdIsOver,
  proveByMail,
  putSubject,
  someAddress,
  vetoCode,
} from '../../support/subjects.js';
import { begun, enrol, start } from '../../support/verifications.js';

// The whole way of somebody whom a product holds, by nothing but what backends and devices can ask.

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start();
  shop = await Backend.add(servers, {
    productName: 'Corner Shop',
    sender: 'The Shop <mails@shop.example>',
    link: 'https://shop.example/help',
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Comes in the name of the product, from our address, and links nothing. */
function isOfTheShop(mail: InboxMail, hasLink = true): void {
  expect(mail.from).toMatchObject({ name: 'The Shop', address: 'no-reply@doorstep.example' });
  for (const part of [mail.text ?? '', mail.html || '']) {
    expect(part).toContain('Corner Shop');
    expect(part.includes('https://shop.example/help')).toBe(hasLink);
    expect(part).not.toMatch(/Doorstep|<a[\s>]/);
  }
}

test('from the first code over another address to the end, told in the name of the product', async () => {
  const [email, wanted] = [someAddress(), someAddress()];
  const { accountId, externalId } = await putSubject(shop, { email });
  const person = { backend: shop, accountId, externalId, email };
  const phone = new Handset(servers.client(), servers.mailbox, { email, password: 'held elsewhere' });

  // The code that turns the second step on proves the address: from then on things are told there.
  await enrol(servers, person, phone);
  const [code] = servers.mailbox.to(email);
  if (!code) throw new Error('no code came');
  isOfTheShop(code);
  expect(code.text).not.toContain(phone.name);
  isOfTheShop(await servers.mailbox.next(email, ({ subject }) => subject === 'Two-step verification is on'));

  // Another address waits, and until it is in force codes go where they went.
  await putSubject(shop, { externalId, email: wanted });
  isOfTheShop(await servers.mailbox.next(email, ({ text }) => /^\d{20}$/m.test(text ?? '')), false);
  const laptop = phone.another('Laptop');
  const challenge = await begun(laptop, await start(servers, person));
  await laptop.sendCode(challenge, 'EMAIL');
  const mailed = await servers.mailbox.next(
    email,
    (mail) => codeIn(mail) !== null && /new device/.test(mail.text ?? ''),
  );
  expect(codeIn(mailed)).toBe(await codeShownOn(phone, challenge));
  expect(servers.mailbox.to(wanted)).toEqual([]);
  asA('SignedIn', await laptop.verify(challenge, codeIn(mailed) ?? ''));

  // Proven and waited for, it is in force; whoever is signed in stays, and codes go there.
  await proveByMail(servers, { phone, backend: shop, accountId, externalId, email }, wanted);
  await holdIsOver(servers, accountId);
  await bringDueIntoForce(servers);
  expect(await shop.ask(PERSON, { externalId })).toMatchObject({ email: wanted, pendingEmail: null });
  expect(await phone.viewer()).toMatchObject({ email: wanted });
  const tablet = phone.another('Tablet');
  const again = await begun(tablet, await start(servers, { ...person, email: wanted }));
  await tablet.sendCode(again, 'EMAIL');
  isOfTheShop(await servers.mailbox.next(wanted, ({ text }) => /new device/.test(text ?? '')));

  // And it goes, with all that was told of it.
  await deleteSubject(shop, externalId);
  await vetoCode(servers, wanted);
  await holdIsOver(servers, accountId);
  await bringDueIntoForce(servers);
  expect(await phone.viewer()).toBeNull();
  expect(await tablet.challenge(again)).toBeNull();
  expect(await servers.database.count('verification', 'account_id = $1', [accountId])).toBe(0);
});
