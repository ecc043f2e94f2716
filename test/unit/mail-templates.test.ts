import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { CodeMail, NoticeMail } from '../../src/mail/mail-data.js';
import { quotedName } from '../../src/mail/quoted-name.js';
import { sampleCodeMails, sampleHeldChanges, sampleNotices } from '../../src/mail/sample-mails.js';
import { MailTemplates } from '../../src/mail/templates.js';
import { locales, Texts } from '../../src/texts/texts.js';

const texts = new Texts({ name: 'Doorstep', address: 'no-reply@doorstep.example' });
const templates = new MailTemplates(texts, { overrideFolder: null, supportContact: 'help@doorstep.example' });

const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-templates-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(locales)('every mail renders in %s, whole, without a link or anything remote', (locale) => {
  const mails = [
    ...sampleCodeMails(locale).map((mail) => templates.code(mail)),
    ...sampleNotices(locale).map((mail) => templates.notice(mail)),
  ];
  for (const { subject, text, html } of mails) {
    for (const part of [subject, text, html]) {
      expect(part).not.toMatch(/{{|}}|<%|%>|undefined|null|\[object|mail\.\w+\./);
      expect(part).not.toMatch(/:\/\/|<a\b|<img|<link|<script|url\(/);
    }
    expect(text).toContain('help@doorstep.example');
    expect(html).toContain(`<html lang="${locale}">`);
  }
});

test('a mail to somebody whom a product holds comes in its name, and says where its password is changed', () => {
  const brand = { productName: 'Corner Shop', senderName: 'The Shop', link: 'https://shop.example/help' };
  for (const mail of sampleCodeMails('en')) {
    const { text, html, subject, senderName } = templates.code({ ...mail, brand });
    expect(senderName).toBe('The Shop');
    for (const part of [text, html]) {
      expect(part).toContain('Corner Shop');
      expect(part).toContain('https://shop.example/help');
      expect(part).not.toMatch(/Doorstep|Sign-in and security/);
    }
    expect(subject).not.toContain('Doorstep');
    expect(html).not.toMatch(/<a[\s>]/);
    // Nobody has proven yet to read the mail of that address.
    if (mail.kind === 'ENABLE_TWO_STEP') expect(text).not.toContain(mail.deviceName);
    if (mail.kind === 'SIGN_IN') expect(text).toContain('change it there');
  }
  for (const mail of sampleNotices('en')) {
    const { text, html } = templates.notice({ ...mail, brand });
    expect(text).toContain('Corner Shop');
    expect(text + html).not.toMatch(/Doorstep|Sign-in and security/);
  }
  const nameless = { productName: 'Corner Shop', senderName: null, link: null };
  const [mail] = sampleNotices('en');
  expect(mail && templates.notice({ ...mail, brand: nameless }).senderName).toBe('Corner Shop');
  expect(mail && templates.notice({ ...mail, brand: null }).senderName).toBeNull();
});

test('a mail that tells of what waits links nothing, not even where its product is', () => {
  for (const mail of locales.flatMap(sampleHeldChanges)) {
    const { text, html, subject } = templates.held(mail);
    expect(text.split('\n').filter((line) => /\d{20}/.test(line))).toEqual([mail.code]);
    expect(subject).not.toMatch(/\d/);
    for (const part of [text, html]) {
      expect(part).not.toMatch(/:\/\/|<a[\s>]|href/i);
      expect(part).toContain(mail.page);
    }
  }
});

test.each(locales)(
  'in %s a code stands alone on its line, in one run of digits, and never in the subject',
  (locale) => {
    for (const mail of sampleCodeMails(locale)) {
      const { subject, text, html } = templates.code(mail);
      expect(subject).not.toMatch(/\d/);
      expect(text.split('\n').filter((line) => /^\d{6,12}$/.test(line))).toEqual(mail.code ? [mail.code] : []);
      expect(html.match(/>\d{6,12}</g)).toEqual(mail.code ? [`>${mail.code}<`] : null);
    }
  },
);

test('before a proven account a mail carries no text of the asker', () => {
  for (const mail of sampleCodeMails('en')) {
    const isProven = !['SIGN_UP', 'SIGN_UP_TAKEN', 'RESET_PASSWORD', 'PROVE_ADDRESS'].includes(mail.kind);
    const { text, html } = templates.code(mail);
    for (const part of [text, html]) {
      expect(part.includes(mail.deviceName)).toBe(isProven);
      expect(part.includes(mail.ipAddress)).toBe(isProven);
      expect(part).toContain(mail.place);
    }
  }
});

test.each(locales)(
  'in %s what a code stands for is there word for word, behind who asks for it, and linked nowhere',
  (locale) => {
    const asked = {
      client: 'Acme & Sons',
      title: 'Pay <b>500 €</b> at https://shop.example/?a=1 “now” {{code}} <%= it %>',
      fields: [
        { label: 'ops@shop.example', value: '12345678' },
        { label: 'لمن', value: 'דנה 250 $t(mail.parts.colon)' },
      ],
    };
    for (const kind of ['CONFIRM', 'DISABLE_TWO_STEP'] as const) {
      const sample = sampleCodeMails(locale).find((mail) => mail.kind === kind);
      const { subject, text, html } = templates.code({ ...sample, action: asked } as CodeMail);
      const colon = texts.t(locale, 'mail.parts.colon');
      const lines = text.split('\n');
      const start = lines.indexOf(
        `${texts.t(locale, 'mail.parts.asks', { client: asked.client })}${colon} ${asked.title}`,
      );
      expect(start).toBeGreaterThan(0);
      expect(lines.slice(start + 1, start + 3)).toEqual(
        asked.fields.map(({ label, value }) => `- ${label}${colon} ${value}`),
      );
      // Whatever it says, no line of it is taken for the code.
      expect(lines.filter((line) => /^\d{6,12}$/.test(line))).toEqual(['48291374']);
      const shown = html
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
      for (const part of [asked.client, asked.title, ...asked.fields.flatMap((field) => Object.values(field))]) {
        expect(shown).toContain(part);
        expect(subject).not.toContain(part);
      }
      expect(html).not.toMatch(/<b>|<a\b|href/);
    }
  },
);

test('a mail says how long its code lives', () => {
  expect(templates.code(codeMail({})).text).toContain('It expires in 10 minutes, at 05:25 UTC.');
  const halfAMinute = codeMail({ expiresAt: new Date('2026-11-23T05:15:30Z') });
  expect(templates.code(halfAMinute).text).toContain('It expires in 1 minute, at 05:15 UTC.');
});

test('what is not known of an event is left out', () => {
  const { text } = templates.notice(notice({ deviceName: null, place: null, platform: 'IOS' }));
  expect(text).not.toContain('Device:');
  expect(text).toContain('System: iOS');
});

test('a device name is escaped in HTML, and cannot pass for our words', () => {
  const deviceName = '<b>Tab</b> & “Doorstep”: go to https://evil.example now';
  const { text, html } = templates.code(codeMail({ deviceName }));
  expect(html).toContain('“&lt;b&gt;Tab&lt;/b&gt; &amp; Doorstep : go to https evil example now”');
  expect(text).toContain('Device: “<b>Tab</b> & Doorstep : go to https evil example now”');
});

test.each([
  ['Kitchen tablet', '“Kitchen tablet”'],
  ['Zoë’s phone', '“Zoë’s phone”'],
  ['a@b', '“a b”'],
  ['evil.example', '“evil example”'],
  ['evil。example', '“evil example”'],
  ['evil．example', '“evil example”'],
  ['evil..example', '“evil example”'],
  ['https://evil', '“https evil”'],
  ['https:@//evil', '“https: //evil”'],
  ['https:\u200b//evil', '“https evil”'],
  ['a\r\nBcc: b', '“a Bcc: b”'],
  ['\u202etxt.exe\u2066', '“txt exe”'],
  ['x\u200b\u00ady', '“xy”'],
  ['Iris 3.', '“Iris 3.”'],
  ['” Doorstep says: “hi', '“Doorstep says: hi”'],
])('the name %j is quoted as %s', (name, quoted) => {
  expect(quotedName(name, 'en')).toBe(quoted);
});

test('a name has at most 64 code points, and may come to nothing', () => {
  expect(quotedName('🚪'.repeat(100), 'de')).toBe(`„${'🚪'.repeat(64)}“`);
  expect(quotedName('\u200b\u202e ', 'en')).toBeNull();
  expect(templates.code(codeMail({ deviceName: '\u2060' })).text).not.toContain('Device');
});

test("an operator's template stands in for ours, file by file", () => {
  const overrideFolder = override({ 'layout.text.eta': 'ACME\n<%= it.intro %>\n<%= it.body %>' });
  const custom = new MailTemplates(texts, { overrideFolder, supportContact: null }).code(codeMail({}));
  expect(custom.text).toMatch(/^ACME\n[\s\S]*\n48291374\n/);
  expect(custom.html).toBe(
    new MailTemplates(texts, { overrideFolder: null, supportContact: null }).code(codeMail({})).html,
  );
});

test.each([
  ['does not parse', { 'notice.html.eta': '<% if ( { %>' }, /Bad template syntax/],
  ['prints what is not there', { 'notice.text.eta': '<%= it.titel %>' }, /notice\.text\.eta:1[\s\S]*is not there/],
  ['calls what is not there', { 'code.html.eta': '\n<%= it.nothing.code %>' }, /code\.html\.eta:2/],
  ['loses the code', { 'code.text.eta': 'Hello' }, /code alone on a line/],
  [
    'splits the code',
    { 'code.html.eta': '<% for (const d of it.code?.digits ?? "") { %><b><%= d %></b><% } %>' },
    /one run/,
  ],
  [
    'loses what the code stands for',
    { 'code.text.eta': '<% if (it.code) { %>\n<%= it.code.digits %>\n<% } %>' },
    /code\.text\.eta must print all of `it\.action`/,
  ],
  [
    'loses a part of it',
    { 'code.html.eta': '<%= it.code?.digits ?? "" %><%= it.action?.asks ?? "" %><%= it.action?.title ?? "" %>' },
    /code\.html\.eta must print all of `it\.action`/,
  ],
  ['is misspelt', { 'code.htm.eta': '' }, /code\.htm\.eta, which replaces nothing/],
])("an operator's template that %s stops the start", (_, files, fault) => {
  const overrideFolder = override(files);
  expect(() => new MailTemplates(texts, { overrideFolder, supportContact: null })).toThrow(fault);
});

test('a folder that is not there stops the start', () => {
  const overrideFolder = path.join(folder, 'missing');
  expect(() => new MailTemplates(texts, { overrideFolder, supportContact: null })).toThrow(/missing/);
});

function codeMail(changes: Partial<CodeMail>): CodeMail {
  return { ...sampleCodeMails('en').find(({ kind }) => kind === 'SIGN_IN'), ...changes } as CodeMail;
}

function notice(changes: Partial<NoticeMail>): NoticeMail {
  return { ...sampleNotices('en')[0], ...changes } as NoticeMail;
}

function override(files: Record<string, string>): string {
  const own = mkdtempSync(path.join(folder, 'own-'));
  for (const [name, template] of Object.entries(files)) writeFileSync(path.join(own, name), template);
  return own;
}
