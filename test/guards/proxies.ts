// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

const byMethod = ['forward-auth', 'by its method: %s'] as const;
const asUpgrade = ['forward-auth', 'as an upgrade: %s'] as const;

/** Of proxies that ask who is signed in: whose cookie counts, whom they let in, and where they lead people. */
export const proxyGuards: readonly Guard[] = [
  {
    name: 'origin-behind-a-proxy',
    keeps: 'what may change something counts its cookie from a page of the host itself',
    edits: [
      {
        file: 'wire/forward-auth.ts',
        find: "  if (isByCookie && forwarded.mayChange && !forwarded.isFromOwnPage(config.publicUrl.origin)) return 'REFUSED';\n",
        replace: '  void [forwarded, config];\n',
      },
    ],
    noticedBy: byMethod,
  },
  {
    name: 'missing-method-behind-a-proxy',
    keeps: 'a request whose method a proxy does not say may change something',
    edits: [
      {
        file: 'wire/forwarded.ts',
        find: "!safeMethods.includes(this.read('x-forwarded-method'))",
        replace: "!['', ...safeMethods].includes(this.read('x-forwarded-method'))",
      },
    ],
    noticedBy: byMethod,
  },
  {
    name: 'upgrade-behind-a-proxy',
    keeps: 'over a socket that opens behind a proxy anything may follow',
    edits: [
      {
        file: 'wire/forwarded.ts',
        find: '|| this.isUpgrade;',
        replace: '|| (this.isUpgrade && this.headers === null);',
      },
    ],
    noticedBy: asUpgrade,
  },
  {
    name: 'handshake-behind-a-proxy',
    keeps: 'a handshake whose Upgrade a proxy has left out is one',
    edits: [
      { file: 'wire/forwarded.ts', find: "name.startsWith('sec-websocket-')", replace: "name === 'sec-websocket'" },
    ],
    noticedBy: asUpgrade,
  },
  {
    name: 'question-about-an-upgrade',
    keeps: 'a question with the headers of an upgrade is answered, not upgraded',
    edits: [
      {
        file: 'wire/listener.ts',
        find: "!isForwardAuth(url ?? '/')",
        replace: "!isForwardAuth(`${url ?? '/'}#`)",
      },
    ],
    noticedBy: asUpgrade,
  },
  {
    name: 'text-of-origins',
    keeps: 'an Origin is that of the host, or of our pages, as text',
    edits: [
      {
        file: 'wire/forwarded.ts',
        find: "return origin !== '' && (origin === this.origin || origin === publicOrigin);",
        replace: "return origin !== '' && (`${origin}/`.startsWith(`${this.origin}`) || origin === publicOrigin);",
      },
    ],
    noticedBy: ['forward-auth', 'the Origin %j is not that of the host'],
  },
  {
    name: 'two-tokens-behind-a-proxy',
    keeps: 'two places that name different sessions name none',
    edits: [
      {
        file: 'wire/session-tokens.ts',
        find: 'oneOf([...bearers, ...cookies])',
        replace: 'oneOf(bearers.length > 0 ? bearers : cookies)',
      },
    ],
    noticedBy: ['forward-auth', 'by two tokens that differ, wherever they stand; one that comes twice is one'],
  },
  {
    name: 'own-accounts-behind-a-proxy',
    keeps: 'where no client is named nobody whom a client holds is let in',
    edits: [
      {
        file: 'accounts/reach.ts',
        find: 'if (client === null) return sql`${raw(account)}.client_id is null`;',
        replace: 'if (client === null) return sql`${raw(account)}.id is not null`;',
      },
    ],
    noticedBy: ['forward-auth', 'no client are those who opened their accounts themselves, and of a client its own'],
  },
  {
    name: 'people-behind-a-proxy',
    keeps: "a client's name lets in its own people alone",
    edits: [
      { file: 'accounts/reach.ts', find: '= any(c.scopes) and ${people}', replace: '= any(c.scopes) or ${people}' },
    ],
    noticedBy: ['forward-auth', 'no client are those who opened their accounts themselves, and of a client its own'],
  },
  {
    name: 'ended-client-behind-a-proxy',
    keeps: 'a client that has ended lets nobody in',
    edits: [{ file: 'accounts/reach.ts', find: 'and c.ended_at is null ', replace: '' }],
    noticedBy: [
      'forward-auth',
      'a client that has ended are nobody from that moment on, nor are they those of the next one of its name',
    ],
  },
  {
    name: 'scope-behind-a-proxy',
    keeps: 'a client that may not check sessions lets nobody in',
    edits: [{ file: 'accounts/reach.ts', find: "and 'check' = any(c.scopes) ", replace: '' }],
    noticedBy: ['forward-auth', 'a client that may not check sessions are nobody: 401'],
  },
  {
    name: 'query-of-a-visitor',
    keeps: 'a query that a visitor has written chooses nothing',
    edits: [
      {
        file: 'wire/forward-auth.ts',
        find: 'if (Object.keys(others).length > 0 ||',
        replace: 'if (Object.keys(others).length < 0 ||',
      },
    ],
    noticedBy: ['forward-auth', 'whomever %s means: 400, since a visitor may have written it'],
  },
  {
    name: 'no-store-for-proxies',
    keeps: 'no proxy keeps who is signed in',
    edits: [
      { file: 'wire/http-headers.ts', find: "reply.header('cache-control', 'no-store');", replace: 'void reply;' },
    ],
    noticedBy: ['forward-auth', 'is told to a %s by ids alone, by cookie and by Authorization, on every server'],
  },
  {
    name: 'proxy-while-the-database-is-away',
    keeps: 'a database that is away is not somebody who is not signed in',
    edits: [{ file: 'wire/forward-auth.ts', find: '.code(503)', replace: '.code(401)' }],
    noticedBy: ['forward-auth', 'while the database is away the answer is 503, never 401 and never let in'],
  },
  {
    name: 'arrival-of-an-ended-session',
    keeps: 'a session that ended while its arrival waited lets nobody in',
    edits: [
      {
        file: 'checks/visitors.ts',
        find: '(await this.sessions.arrive(db, found.sessionId)) ? found : this.read(db, hash, client)',
        replace: '(await this.sessions.arrive(db, found.sessionId)) ? found : found',
      },
    ],
    noticedBy: ['forward-auth', 'while the session ends waits for its end, and is told of it'],
  },
  {
    name: 'way-back-through-a-proxy',
    keeps: 'the sign-in page is asked to lead back to what is listed',
    edits: [
      {
        file: 'wire/forward-auth.ts',
        find: '!returnOrigins.includes(page.origin)',
        replace: 'returnOrigins.length < 0',
      },
    ],
    noticedBy: ['forward-auth', 'is led nowhere from %s'],
  },
  {
    name: 'way-back-without-cookies',
    keeps: 'nobody is led round in a circle by a host that our cookies do not reach',
    edits: [
      {
        file: 'wire/forward-auth.ts',
        find: 'if (page.hostname !== publicUrl.hostname ||',
        replace: 'if (page.hostname === null ||',
      },
    ],
    noticedBy: ['forward-auth', 'is led nowhere from %s'],
  },
  {
    name: 'way-back-for-somebody-else',
    keeps: 'nobody is led round in a circle who is signed in as somebody whom a proxy does not let in',
    edits: [
      {
        file: 'wire/forward-auth.ts',
        find: "return visitor || !isByCookie ? 'REFUSED'",
        replace: "return !isByCookie ? 'REFUSED'",
      },
    ],
    noticedBy: [
      'forward-auth',
      'is not led on where somebody is signed in, but none of the people who are let in: it would never end',
    ],
  },
];
