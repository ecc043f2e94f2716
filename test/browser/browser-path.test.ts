import { test } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { enterPassword, promptedCode, signedIn, typeCode, visit } from '../support/pages.js';

describeInBrowser('the whole path, in the browsers of a phone and a laptop:', {}, (site) => {
  test('an account is opened, two-step verification turned on, and a code lets the laptop in', async () => {
    const owner = newOwner();
    const phone = await visit(site, { screen: 'phone' });
    await phone.getByRole('link', { name: 'Create an account' }).click();
    await phone.getByLabel('Email address').fill(owner.email);
    await phone.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await phone.getByRole('button', { name: 'Create account' }).click();
    await typeCode(phone, await site.servers.mailbox.code(owner.email));
    await signedIn(phone);

    await phone.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await phone.getByRole('button', { name: 'Send code' }).click();
    await typeCode(phone, await site.servers.mailbox.code(owner.email));
    await phone.getByRole('button', { name: 'Done' }).click();

    const laptop = await visit(site);
    await enterPassword(laptop, owner);
    await typeCode(laptop, await promptedCode(phone));
    await signedIn(laptop);
    await phone.getByRole('alertdialog').waitFor({ state: 'detached' });
  });

  test('a password that was forgotten is reset, which puts every device out', async () => {
    const { owner } = await site.servers.signedUp();
    const laptop = await visit(site);
    await enterPassword(laptop, owner);
    await signedIn(laptop);

    const another = 'violet-harbour-31-kettle';
    const phone = await visit(site, { screen: 'phone' });
    await phone.getByRole('link', { name: 'Forgot your password?' }).click();
    await phone.getByLabel('Email address').fill(owner.email);
    await phone.getByRole('button', { name: 'Send code' }).click();
    await typeCode(phone, await site.servers.mailbox.code(owner.email));
    await phone.getByLabel('New password', { exact: true }).fill(another);
    await phone.getByRole('button', { name: 'Set new password' }).click();
    await phone.getByText('Your password has been reset').waitFor();
    await laptop.getByText('You’ve been signed out').waitFor();

    await enterPassword(phone, { ...owner, password: another });
    await signedIn(phone);
  });
});
