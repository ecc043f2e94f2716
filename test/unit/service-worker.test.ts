import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';
import { locales } from '../../src/texts/texts.js';
import { pages } from '../../src/wire/web-client.js';

// What the service worker decides by itself; what browsers do with it, browser-push.test.ts sees.

const web = path.join(projectRoot, 'src', 'web');
/** The worker is built for browsers alone: its modules are taken as they are written. */
const load = <Module>(name: string): Promise<Module> =>
  import(pathToFileURL(path.join(web, 'worker', `${name}.ts`)).href);

interface Notice {
  readonly title: string;
  readonly options: { readonly body: string; readonly tag: string; readonly lang: string; readonly silent?: boolean };
}
type NoticeName =
  | 'requestNotice'
  | 'confirmationNotice'
  | 'requestOverNotice'
  | 'confirmationOverNotice'
  | 'unreadNotice'
  | 'goneNotice'
  | 'signedOutNotice'
  | 'testNotice';
type NoticeOf = (...given: unknown[]) => Notice;

const notices = await load<Record<NoticeName, NoticeOf>>('notices');
const { pushMessageOf } = await load<{ pushMessageOf(text: string): unknown }>('push-message');
const { isOwnPage } = await load<{ isOwnPage(url: URL, origin: string, basePath: string): boolean }>('own-pages');
const { offlinePage } = await load<{ offlinePage(words: unknown, basePath: string, isOnline: boolean): string }>(
  'offline-page',
);

function wordsIn(language: string, productName = 'Acme') {
  const catalogue = (name: string) => JSON.parse(readFileSync(path.join(web, 'locales', language, name), 'utf8'));
  const texts = { ...catalogue('common.json'), ...catalogue('prompts.json'), ...catalogue('worker.json') };
  return { language, direction: 'ltr', productName, texts };
}

const request = {
  id: 'req_1',
  state: 'PENDING',
  code: '730518',
  deviceName: 'Laptop',
  expiresInSeconds: 600,
  location: { label: 'Berlin, Germany' },
};

/** What is asked does not reach the worker; were it to, it would stand nowhere. */
const asked = { ...request, id: 'cnf_1', productName: 'Shop', action: { title: '730518 euros', fields: [] } };

describe('a notification', () => {
  test.each(locales)(
    'says in %s which device asks, from where, and its code only where its owner chose so',
    (locale) => {
      const words = wordsIn(locale);
      const told = (withCode: boolean) => notices.requestNotice(request, words, { withCode, isSeen: false });
      for (const { title, options } of [told(true), told(false)]) {
        expect(title).toBe(words.texts.title);
        expect(options).toMatchObject({ tag: 'req_1', lang: locale, silent: false, requireInteraction: true });
        expect(options.body).toMatch(/Laptop.*Berlin, Germany/);
      }
      expect(told(true).options.body).toMatch(/730 518.*\d:\d\d/);
      expect(JSON.stringify(told(false))).not.toMatch(/730|518/);
      expect(told(false).options.body).toContain('Acme');
    },
  );

  test.each(locales)('is never without words in %s, and none of another kind has a code', (locale) => {
    const words = wordsIn(locale);
    const states = ['VERIFIED', 'DENIED', 'CANCELLED', 'EXPIRED', 'LOCKED', 'PENDING'];
    const all = [
      notices.unreadNotice('req_1', words),
      notices.unreadNotice('', words),
      notices.goneNotice('req_1', words),
      notices.signedOutNotice(words),
      notices.testNotice(words, false),
      notices.confirmationNotice(asked, words, { withCode: true, isSeen: false }),
      ...states.map((state) => notices.requestOverNotice({ ...request, state }, words)),
      ...states.map((state) => notices.confirmationOverNotice({ ...asked, state }, words)),
    ];
    for (const notice of all) {
      expect(notice.title).toMatch(/\p{L}/u);
      expect(notice.options.body).toMatch(/\p{L}{3}/u);
      // Browsers refuse to ring again for what has no tag.
      expect(notice.options.tag).toMatch(/./);
      expect(JSON.stringify(notice)).not.toMatch(/730|518|{{|undefined/);
    }
  });

  test('makes no sound where a page in sight shows the same, nor when it says that a sign-in is over', () => {
    const words = wordsIn('en');
    expect(notices.requestNotice(request, words, { withCode: false, isSeen: true }).options.silent).toBe(true);
    expect(notices.requestOverNotice({ ...request, state: 'VERIFIED' }, words).options).toMatchObject({
      silent: true,
      tag: 'req_1',
    });
  });
});

test('a push names a prompt by ids alone, and whatever else comes is a reason to open the page', () => {
  expect(pushMessageOf('{"kind":"LOGIN","id":"req_1"}')).toEqual({ kind: 'LOGIN', id: 'req_1' });
  expect(pushMessageOf('{"id":"cnf_1","kind":"CONFIRMATION"}')).toEqual({ kind: 'CONFIRMATION', id: 'cnf_1' });
  expect(pushMessageOf('{"kind":"TEST"}')).toEqual({ kind: 'TEST', id: '' });
  for (const text of ['', 'null', '[]', '1', '{', '{"id":1}', '{"kind":"NEW","id":"new_1"}', '{"kind":"LOGIN"}']) {
    expect([text, pushMessageOf(text)]).toEqual([text, { kind: 'UNKNOWN', id: '' }]);
  }
});

describe('the worker answers for', () => {
  const isOwn = (address: string, basePath = '') =>
    isOwnPage(new URL(address, 'https://acme.example'), 'https://acme.example', basePath);

  test('the pages that the server has, and for nothing else of its host', () => {
    const own = pages.map((page) => page.replace('*', 'devices'));
    for (const basePath of ['', '/auth/pages']) {
      for (const page of own) expect([page, isOwn(`${basePath}${page}?a=b#c`, basePath)]).toEqual([page, true]);
      for (const other of ['/graphql', '/inbox', '/playground', '/accounts', '/about/us', '/service-worker.js']) {
        expect([other, isOwn(`${basePath}${other}`, basePath)]).toEqual([other, false]);
      }
    }
    expect([isOwn('/account', '/auth'), isOwn('/authaccount', '/auth'), isOwn('https://evil.example/account')]).toEqual(
      [false, false, false],
    );
  });

  test.each(locales)('a page that cannot be fetched, in %s, with no script or style in it', (locale) => {
    const words = wordsIn(locale, 'A<b>&"c');
    const offline = offlinePage(words, '/auth', false);
    expect(offline).toContain(`<html lang="${locale}" dir="ltr">`);
    expect(offline).toContain(words.texts.offline.title);
    expect(offlinePage(words, '/auth', true)).toContain(words.texts.unreachable.title);
    expect(offline).toContain('A&lt;b&gt;&amp;&quot;c');
    expect(offline).not.toMatch(/<script(?![^>]*src="\/auth\/)|<style|\sstyle=|\son\w+=|<b>|undefined/);
  });
});
