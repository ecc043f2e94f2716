import { expect, test } from '@jest/globals';
import { Servers } from '../../support/servers.js';

const SETTINGS = '{ settings { productName pushKey passwordMinLength languages supportContact } }';
const HELP = `mutation ($email: EmailAddress!) { requestPasswordReset(email: $email) { help } }`;

test('what a client has to know first is told to everybody', async () => {
  await using servers = await Servers.start({ worker: false });
  expect(await servers.client().data(SETTINGS)).toEqual({
    settings: {
      productName: 'Doorstep',
      pushKey: null,
      passwordMinLength: 12,
      languages: ['en', 'de', 'fr', 'es', 'pt', 'ru'],
      supportContact: null,
    },
  });
});

test('the product is called by its name in answers, pages and mails, and its support is named where codes are asked for', async () => {
  const [productName, supportContact] = ['Ada & <Söhne>', 'https://help.example/codes'];
  await using servers = await Servers.start({
    env: {
      PRODUCT_NAME: productName,
      SUPPORT_CONTACT: supportContact,
      MAIL_FROM: 'Post <no-reply@doorstep.example>',
      PASSWORD_MIN_LENGTH: '14',
    },
  });
  expect(await servers.client().data(SETTINGS)).toMatchObject({
    settings: { productName, supportContact, passwordMinLength: 14 },
  });
  const page = await (await fetch(`${servers.client().url}/sign-up`)).text();
  expect(page).toContain('<title>Ada &amp; &lt;Söhne&gt;</title>');
  expect(page).not.toContain('Doorstep');

  const phone = servers.stranger();
  const { requestPasswordReset } = await servers
    .client()
    .data<{ requestPasswordReset: { help: string[] } }>(HELP, { email: phone.owner.email });
  expect(requestPasswordReset.help.at(-1)).toContain(supportContact);
  await phone.signUp();
  const mail = await servers.mailbox.next(phone.owner.email);
  expect(mail.from?.name).toBe('Post');
  expect(`${mail.subject}${mail.text}`).toContain(productName);
  expect(`${mail.subject}${mail.text}`).not.toContain('Doorstep');
});
