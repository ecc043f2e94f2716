import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { CREATE_SUPPORT_REPORT, codeShownOn, letIn, requestReset } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

interface Report {
  readonly id: string;
  readonly createdAt: string;
  readonly text: string;
}

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ env: { SUPPORT_CONTACT: 'help@doorstep.example' } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** @param challenge null: with the session alone */
function report(handset: Handset, challenge: { token: string } | null = null): Promise<Report> {
  return handset.ask<Report>(CREATE_SUPPORT_REPORT, { token: challenge?.token ?? null });
}

function stored(id: string): Promise<{ text: string; accountText: string | null; email: string }> {
  return servers.database.row(
    `select r.text, r.account_text as "accountText", a.email from support_report r join account a on a.id = r.account_id
     where r.id = $1`,
    [id],
  );
}

async function refusal(handset: Handset, token: string | null): Promise<unknown> {
  const { extensions } = await handset.client.error(CREATE_SUPPORT_REPORT, { token }, { token: handset.sessionToken });
  return extensions;
}

describe('a support report of somebody who is signed in', () => {
  test('says what support would ask for', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Work\u00a0laptop');
    const facts = { model: 'ThinkPad X1', platform: 'WINDOWS', osVersion: '11 23H2', appVersion: '2.4.1' };
    const challenge = asA('Challenge', await laptop.signIn({ device: { ...facts, notificationsEnabled: false } }));
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    asA('SignedIn', await laptop.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    await until(
      async () => (await phone.challenge(challenge)).deliveries.some(({ state }) => state === 'SENT'),
      'the end of the mail',
    );
    const { id, text } = await report(laptop);
    for (const line of [
      `Id: ${id}`,
      'Send to: help@doorstep.example',
      `Address: ${phone.owner.email}`,
      /^Two-step verification: on since \d{4}-/m,
      'Device: Work laptop',
      'Model: ThinkPad X1',
      'System: WINDOWS 11 23H2',
      'App version: 2.4.1',
      /^Trusted: since \d{4}-/m,
      'Notifications: off',
      'Device: Phone',
      'Notifications: on',
      /: EMAIL SENT, MAIL_ACCEPTED, mail server: 250/,
      /: APP FAILED, TOO_LATE/,
    ]) {
      if (typeof line === 'string') expect(text.split('\n')).toContain(line);
      else expect(text).toMatch(line);
    }
  });

  test('is kept, and found by its id', async () => {
    const phone = await servers.trusted();
    const { id, text, createdAt } = await report(phone);
    expect(await stored(id)).toEqual({ text, accountText: null, email: phone.owner.email });
    expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(10_000);
  });

  test("tells nothing of anybody else's account", async () => {
    const [alice, bob] = [await servers.trusted(), await servers.trusted()];
    const { text } = await report(alice);
    expect(text).not.toContain(bob.owner.email);
  });

  test('is plain text in which a name cannot begin a line of its own', async () => {
    const phone = await servers.signedUp();
    await phone.report({ appVersion: '1.0 Trusted: yes' });
    const { text } = await report(phone);
    expect(text).toContain('App version: 1.0 Trusted: yes');
    expect(text.split('\n').filter((line) => line.startsWith('Trusted:'))).toEqual(['Trusted: no']);
  });
});

describe('a support report of somebody who is stuck outside', () => {
  test('tells of this challenge and this device alone; the rest is stored under the same id', async () => {
    const phone = await servers.trusted();
    await letIn(phone, phone.another('Tablet'));
    const laptop = phone.another('Laptop');
    const challenge = asA('Challenge', await laptop.signIn({ device: { appVersion: '9.9' } }));
    const { id, text } = await report(laptop, challenge);
    for (const line of [
      `Id: ${id}`,
      `Challenge: ${challenge.id}`,
      'State: PENDING',
      'Name: Laptop',
      'App version: 9.9',
      'Attempts left: 5',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/: APP QUEUED, NO_TRUSTED_DEVICE_ONLINE, on 0 device\(s\)/);
    for (const secret of [phone.owner.email, 'Phone', 'Tablet', 'Two-step verification']) {
      expect(text).not.toContain(secret);
    }
    const { accountText } = await stored(id);
    for (const known of [phone.owner.email, 'Device: Phone', 'Device: Tablet']) expect(accountText).toContain(known);
  });

  test('is there once the challenge is over too', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    await phone.deny(challenge);
    expect((await report(laptop, challenge)).text).toContain('State: DENIED');
  });

  test.each([
    ['a sign-up', async () => asA('Challenge', await servers.stranger().signUp())],
    ['a reset of an address that somebody has', async () => requestReset(await servers.signedUp())],
    ['a reset of an address that nobody has', () => requestReset(servers.stranger())],
    ['none', async () => ({ token: `chl_${'A'.repeat(43)}` })],
    ['a session', async () => ({ token: (await servers.signedUp()).sessionToken ?? '' })],
  ])('is not written for the token of %s: no password was proven', async (_what, tokenOf) => {
    const { token } = await tokenOf();
    expect(await refusal(servers.stranger(), token)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('needs a token or a session', async () => {
    expect(await refusal(servers.stranger(), null)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('support reports', () => {
  test('are at most REPORTS_PER_CHALLENGE for a challenge', async () => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    const stuck = phone.another('Laptop');
    for (let nth = 0; nth < 3; nth += 1) await report(stuck, challenge);
    expect(await refusal(stuck, challenge.token)).toMatchObject({ code: 'RATE_LIMITED', retryAt: expect.any(String) });
    await report(phone);
  });

  test('are at most REPORTS_PER_ACCOUNT_HOUR, and there is one again when the oldest is an hour old', async () => {
    const phone = await servers.signedUp();
    const reports = [];
    for (let nth = 0; nth < 10; nth += 1) reports.push(await report(phone));
    const moveBack = (id: string | undefined, minutes: number) =>
      servers.database.age('support_report', `${minutes} minutes`, 'id = $1', [id]);
    await moveBack(reports[0]?.id, 40);
    const refused = (await refusal(phone, null)) as { code: string; retryAt: string };
    expect(refused.code).toBe('RATE_LIMITED');
    expect(Math.round((Date.parse(refused.retryAt) - Date.now()) / 60_000)).toBe(20);
    await moveBack(reports[0]?.id, 20);
    await report(phone);
  });

  test('are not used up for the owner who is signed in by a stranger who has the password', async () => {
    const phone = await servers.trusted();
    const stranger = phone.another('Stranger');
    for (let challenge = await stranger.challenged(), nth = 0; nth < 10; nth += 1) {
      if (nth > 0 && nth % 3 === 0) challenge = await stranger.challenged();
      await report(stranger, challenge);
    }
    expect(await refusal(stranger, (await stranger.challenged()).token)).toMatchObject({ code: 'RATE_LIMITED' });
    await report(phone);
  });

  test('are counted right when sixteen are asked for at once', async () => {
    const phone = await servers.signedUp();
    const answers = await Promise.all(Array.from({ length: 16 }, () => phone.graphql(CREATE_SUPPORT_REPORT)));
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(10);
  });

  test('hold no secret, neither what the person gets nor what is stored', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const shown = await codeShownOn(phone, challenge);
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    expect(await servers.mailbox.code(phone.owner.email)).toBe(shown);
    const outside = await report(laptop, challenge);
    asA('SignedIn', await laptop.verify(challenge, shown));
    const inside = await report(laptop);
    const texts = [outside.text, inside.text, (await stored(outside.id)).accountText].join('\n');
    const { hash } = await servers.database.row<{ hash: string }>(
      'select password_hash as hash from account where email = $1',
      [phone.owner.email],
    );
    const secrets = [
      ...[phone.sessionToken, phone.deviceToken, laptop.sessionToken, laptop.deviceToken, challenge.token],
      ...[shown, phone.owner.password, hash],
    ];
    for (const secret of secrets) {
      expect(secret).toBeTruthy();
      expect(texts).not.toContain(secret ?? '');
    }
    expect(texts).not.toMatch(/(ses|dev|chl)_/);
  });
});
