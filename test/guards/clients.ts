// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** Of products' backends: whose key opens what, and for how long an answer holds. */
export const clientGuards: readonly Guard[] = [
  {
    name: 'ended-keys',
    keeps: 'a key that ended opens nothing',
    edits: [
      {
        file: 'clients/client-keys.ts',
        find: ' and k.ended_at is null and c.ended_at is null',
        replace: '',
      },
    ],
    noticedBy: ['endpoint', 'ends with its key, and a request by it is refused at once'],
  },
  {
    name: 'sockets-of-ended-keys',
    keeps: 'the sockets of a key that ended are closed',
    edits: [{ file: 'wire/key-door.ts', find: 'if (!keyIds.has(keyId))', replace: 'if (keyIds.has(keyId) && !keyId)' }],
    noticedBy: ['endpoint', 'ends with its key, and a request by it is refused at once'],
    breaks: true,
  },
  {
    name: 'two-keys-on-a-socket',
    keeps: 'two keys that differ open nothing',
    edits: [
      {
        file: 'wire/session-tokens.ts',
        find: '  if (new Set(tokens).size > 1) throw new DifferentTokens();\n',
        replace: '',
      },
    ],
    noticedBy: ['endpoint', 'is closed with 4401 where it brings %s'],
  },
  {
    name: 'sockets-per-client',
    keeps: 'a client has FEEDS_PER_CLIENT sockets on a server',
    edits: [
      {
        file: 'wire/key-door.ts',
        find: 'if (ofClient.length >= this.serving.limits.FEEDS_PER_CLIENT) {',
        replace: 'if (ofClient.length < 0) {',
      },
    ],
    noticedBy: ['endpoint', 'of a client is one of FEEDS_PER_CLIENT, and of another client none of its'],
    breaks: true,
  },
  {
    name: 'sockets-closed-early',
    keeps: 'a socket that was closed while it was admitted counts no more',
    edits: [
      {
        file: 'wire/websocket.ts',
        find: '          door.leave(admission.who, connection);\n          return false;\n',
        replace: '          return false;\n',
      },
    ],
    noticedBy: ['endpoint', 'that was closed while its key was looked up counts no more'],
    breaks: true,
  },
  {
    name: 'origin-of-a-backend',
    keeps: 'no page of a browser asks as a backend',
    edits: [
      {
        file: 'wire/backend-http.ts',
        find: '      if (request.headers.origin !== undefined) return refuseOrigin(reply);\n      const client',
        replace: '      const client',
      },
    ],
    noticedBy: ['endpoint', 'to a page of the origin %j, key or not: 403'],
  },
  {
    name: 'origin-of-a-socket-of-a-backend',
    keeps: 'no page of a browser opens a socket as a backend',
    edits: [
      {
        file: 'wire/backend-http.ts',
        find: '      if (request.headers.origin !== undefined) return refuseOrigin(reply);\n      if (!request.ws)',
        replace: '      if (!request.ws)',
      },
    ],
    noticedBy: ['endpoint', 'to a page of the origin %j, key or not: 403'],
  },
  {
    name: 'wrong-keys-counted',
    keeps: 'a network has KEY_FAILURES_PER_IP_HOUR wrong keys',
    edits: [
      {
        file: 'clients/client-keys.ts',
        find: "await this.rateLimits.take('KEY_FAILURES_PER_IP_HOUR', ipAddress);",
        replace: 'void [this.rateLimits, ipAddress];',
      },
    ],
    noticedBy: ['wrong-keys', 'are KEY_FAILURES_PER_IP_HOUR from one network, and a right key works all the same'],
  },
  {
    name: 'right-keys-not-counted',
    keeps: "a right key is not refused for others' failures",
    edits: [
      {
        file: 'clients/client-keys.ts',
        find: '    if (caller) return caller;\n',
        replace:
          "    if (caller) await this.rateLimits.take('KEY_FAILURES_PER_IP_HOUR', ipAddress);\n    if (caller) return caller;\n",
      },
    ],
    noticedBy: ['wrong-keys', 'are KEY_FAILURES_PER_IP_HOUR from one network, and a right key works all the same'],
  },
  {
    name: 'keys-per-client',
    keeps: 'a client has KEYS_PER_CLIENT keys',
    edits: [
      {
        file: 'clients/clients.ts',
        find: 'if (keys.length >= KEYS_PER_CLIENT) {',
        replace: 'if (keys.length < 0 * KEYS_PER_CLIENT) {',
      },
    ],
    noticedBy: [
      'admin-clients',
      'rotate gives a client KEYS_PER_CLIENT keys that work, and end takes away the older one',
    ],
  },
  {
    name: 'scopes',
    keeps: 'a key opens what its scopes name',
    edits: [
      {
        file: 'api/caller.ts',
        find: 'if (!caller.scopes.includes(scope)) throw',
        replace: 'if (!caller.scopes) throw',
      },
    ],
    noticedBy: ['reach', "opens what it names: a client with '%s' alone"],
  },
  {
    name: 'reach',
    keeps: "a client sees and ends nobody else's people",
    edits: [
      {
        file: 'accounts/reach.ts',
        find: '(${holder} = ${clientId} or',
        replace: '(${holder} = ${clientId} or true or',
      },
    ],
    noticedBy: ['reach', 'of the people that %s holds'],
  },
  {
    name: 'reach-own-accounts',
    keeps: 'a client sees own accounts where it was added so',
    edits: [
      {
        file: 'accounts/reach.ts',
        find: ' and ${ownAccounts}::boolean',
        replace: ' and ${ownAccounts}::boolean is not null',
      },
    ],
    noticedBy: ['reach', 'of the people that %s holds'],
  },
  {
    name: 'form-of-external-ids',
    keeps: 'what cannot be an external id is not asked for',
    edits: [
      {
        file: 'accounts/reach.ts',
        find: 'externalId == null || !isExternalId(externalId)',
        replace: 'externalId == null',
      },
    ],
    noticedBy: ['reach', 'a NUL is no text to PostgreSQL'],
    breaks: true,
  },
  {
    name: 'tokens-arrive',
    keeps: 'the first check by a token stops the clock of an unused session',
    edits: [
      {
        file: 'checks/checks.ts',
        find: 'else if (hasArrived && found.lastUsedAt === null)',
        replace: 'else if (hasArrived && found.lastUsedAt !== found.lastUsedAt)',
      },
    ],
    noticedBy: ['checks', 'by the token stops the clock of an unused session, once'],
  },
  {
    name: 'kept-no-longer-than-it-lasts',
    keeps: 'no answer is kept past the end of its session',
    edits: [
      {
        file: 'sessions/live-session.types.ts',
        find: 'Math.min(keepSeconds, facts.secondsLeft)',
        replace: 'keepSeconds',
      },
    ],
    noticedBy: ['checks', 'may be kept for CHECK_KEEP_SECONDS, and no longer than the session lasts by itself'],
  },
  {
    name: 'epoch-raised-by-a-backend',
    keeps: 'a backend that ends trust ends the sign-ins that wait',
    edits: [
      {
        file: 'security/trust-ends.ts',
        find: '    await shutDoor(tx, account.id);\n',
        replace: '    void shutDoor;\n',
      },
    ],
    noticedBy: ['trust-ends', 'for %s ends sessions, trust and what waits, and raises the epoch'],
  },
  {
    name: 'reset-codes-withdrawn-by-a-backend',
    keeps: 'a backend that ends trust makes the codes of resets wrong',
    edits: [
      {
        file: 'security/trust-ends.ts',
        find: '    withdrawResetCodes(tx, account.id);\n',
        replace: '    void withdrawResetCodes;\n',
      },
    ],
    noticedBy: ['trust-ends', 'makes the code of a reset that waits wrong, and the reset itself looks as before'],
  },
  {
    name: 'mail-held-after-theft',
    keeps: 'after a theft mail is held for every device',
    edits: [
      {
        file: 'security/trust-ends.ts',
        find: "if (reason === 'SUSPECTED_THEFT') forgetTrustBeforeReset(tx, accountId);",
        replace: 'void forgetTrustBeforeReset;',
      },
    ],
    noticedBy: ['trust-ends', 'for %s leaves a device that was trusted %j, and a new one %j'],
  },
  {
    name: 'stop-lifted-once-a-day',
    keeps: 'a backend lifts the stop by wrong codes once a day',
    edits: [
      {
        file: 'accounts/accounts.ts',
        find: "\n          and coalesce(stop_lifted_at < clock_timestamp() - interval '1 day', true)",
        replace: '',
      },
    ],
    noticedBy: ['trust-ends', 'lifts the stop at most once a day'],
  },
  {
    name: 'checks-of-the-live',
    keeps: 'a session check tells nobody of a session that is over',
    edits: [
      {
        file: 'sessions/live-sessions.ts',
        find: '${SESSIONS} where ${isUsable(this.limits)} and',
        replace: '${SESSIONS} where (${isUsable(this.limits)} or true) and',
      },
    ],
    noticedBy: ['checks', 'once it was %s, on every server at the moment of the answer'],
    breaks: true,
  },
  {
    name: 'kept-by-who-hears-of-ends',
    keeps: 'an answer is kept only by a client that hears of the end of a session',
    edits: [
      {
        file: 'sessions/live-sessions.ts',
        find: "scopes.includes('events') ? this.limits.CHECK_KEEP_SECONDS : 0",
        replace: 'scopes.length > 0 ? this.limits.CHECK_KEEP_SECONDS : 0',
      },
    ],
    noticedBy: ['checks', 'may not be kept by who hears of no event'],
  },
  {
    name: 'asking-moves-nothing',
    keeps: 'a session check notes no use by itself',
    edits: [
      {
        file: 'checks/checks.ts',
        find: 'if (usedFrom !== null && found.isStale) await this.sessions.sight(db, found.id, usedFrom);',
        replace: "if (found.isStale) await this.sessions.sight(db, found.id, usedFrom ?? '192.0.2.1');",
      },
    ],
    noticedBy: ['checks', 'is one statement besides that for the key, and moves no address and no last-seen'],
  },
  {
    name: 'cursors-too-old',
    keeps: 'a cursor is lost once what came next is not kept any more',
    edits: [{ file: 'feed/feed-log.ts', find: ' || number + 1 < head.oldest', replace: '' }],
    noticedBy: ['feed', 'is lost once what came next was kept for EVENTS_DAYS, and good where nothing came'],
  },
  {
    name: 'cursors-ahead',
    keeps: 'a cursor is lost where it is ahead of the head',
    edits: [{ file: 'feed/feed-log.ts', find: ' || number > head.number', replace: '' }],
    noticedBy: ['feed', 'is lost where it is ahead of the head, and where other events have come to that since'],
  },
  {
    name: 'ends-told',
    keeps: 'each end of a session is an event',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'told as (${telling(tx, endedEvents)})\n      select id from ended',
        replace:
          'told as (${telling(tx, { ...endedEvents, source: sql`ended h where false` })})\n      select id from ended',
      },
    ],
    noticedBy: ['events', 'of each end of a session writes it, each session by itself'],
  },
  {
    name: 'countries-of-products',
    keeps: 'where a backend stands makes no country known for a person',
    edits: [{ file: 'activity/activities.ts', find: 'entry.isByProduct ? null : ', replace: '' }],
    noticedBy: ['activity', 'knows no country by a product that ends %s from its data centre'],
  },
  {
    name: 'feeds-per-client',
    keeps: 'a client has FEEDS_PER_CLIENT feeds on a server',
    edits: [{ file: 'feed/feed.ts', find: 'if (!hasPlace) throw', replace: 'if (!hasPlace && !this.limits) throw' }],
    noticedBy: ['endpoint', 'carries FEEDS_PER_CLIENT feeds of its client, and another once one has ended'],
  },
  {
    name: 'crowds-apart',
    keeps: 'strangers take no place of a backend',
    edits: [{ file: 'wire/key-door.ts', find: "crowd = 'backends'", replace: "crowd = 'people'" }],
    noticedBy: ['endpoint', 'finds a place although strangers from its network hold all of theirs'],
  },
  {
    name: 'audiences-of-the-account',
    keeps: 'a token is made for a service of a client that sees the account',
    edits: [
      {
        file: 'access-tokens/access-tokens.ts',
        find: 'and ${isOfClient}',
        replace: 'and (${isOfClient} or true)',
      },
    ],
    noticedBy: ['access-tokens', 'for the audience of a client that does not see the account'],
  },
  {
    name: 'issued-to-the-live',
    keeps: 'no token is made for a session that ended meanwhile',
    edits: [
      {
        file: 'access-tokens/access-tokens.ts',
        find: 'and ${isUsable(limits)}`',
        replace: 'and (${isUsable(limits)} or true)`',
      },
    ],
    noticedBy: ['access-tokens', 'for a session that %s while the request was under way'],
  },
  {
    name: 'issued-under-the-token',
    keeps: 'no token is made for whoever has a token that the session had before',
    edits: [
      {
        file: 'access-tokens/access-tokens.ts',
        find: 'where s.id = ${id} and s.token_hash = ${tokenHash}',
        replace: 'where s.id = ${id} and ${tokenHash}::bytea is not null',
      },
    ],
    noticedBy: ['access-tokens', 'for a session that %s while the request was under way'],
  },
  {
    name: 'audience-checked',
    keeps: "a token is good for its own audience's client alone",
    edits: [{ file: 'access-tokens/key-set.ts', find: 'issuer, audience: [...audiences] }', replace: 'issuer }' }],
    noticedBy: ['introspections', 'to another client, whoever its people are, and to one without audiences'],
  },
  {
    name: 'algorithm-of-access-tokens',
    keeps: 'a token is verified by ES256 alone',
    edits: [{ file: 'access-tokens/key-set.ts', find: 'algorithms: [ALGORITHM], ', replace: '' }],
    noticedBy: ['introspections', 'by HMAC with what is published'],
    breaks: true,
  },
  {
    name: 'type-of-access-tokens',
    keeps: 'no JWT that was made for something else is an access token',
    edits: [{ file: 'access-tokens/key-set.ts', find: 'typ: TYPE, issuer', replace: 'issuer' }],
    noticedBy: ['introspections', 'that was made %s'],
  },
  {
    name: 'key-of-access-tokens',
    keeps: 'a token is verified by the key that it names',
    edits: [
      {
        file: 'access-tokens/key-set.ts',
        find: 'const key = this.keys.get(kid);',
        replace: 'const key = this.keys.get(kid) ?? [...this.keys.values()][0];',
      },
    ],
    noticedBy: ['introspections', 'that was made %s'],
  },
  {
    name: 'access-tokens-tied',
    keeps: 'an access token is worth nothing once its session has another token',
    edits: [
      {
        file: 'sessions/live-sessions.ts',
        find: '${name.tie}::bytea = substring(sha256(${name.salt}::bytea || s.token_hash) for ${name.tie.length}::int)',
        replace: '(${name.tie}::bytea, ${name.salt}::bytea) is not null',
      },
    ],
    noticedBy: [
      'introspections',
      'of an access token once its session has another token: whoever had the one before may have made it',
    ],
  },
  {
    name: 'access-tokens-in-time',
    keeps: 'an access token ends by the clock of the database',
    edits: [
      {
        file: 'sessions/live-sessions.ts',
        find: '${instantOf(name)} > clock_timestamp()',
        replace: '${instantOf(name)} is not null',
      },
    ],
    noticedBy: ['introspections', 'that was made %s'],
  },
  {
    name: 'audience-of-one-client',
    keeps: 'an audience is that of one live client',
    edits: [
      {
        file: 'clients/clients.ts',
        find: 'where ended_at is null and (audiences && ${audiences}::text[] or',
        replace: 'where ended_at is null and (',
      },
    ],
    noticedBy: ['admin-clients', 'an audience is that of one live client, also where two are added at once'],
  },
  {
    name: 'return-origin-of-one-client',
    keeps: 'an origin where people come back is that of one live client',
    edits: [
      {
        file: 'clients/clients.ts',
        find: ' or return_origins && ${returnOrigins}::text[])',
        replace: ')',
      },
    ],
    noticedBy: ['admin-clients', 'an origin where people come back is that of one live client'],
  },
  {
    name: 'scope-of-introspection',
    keeps: 'introspection takes the scope check',
    edits: [
      {
        file: 'wire/introspection-http.ts',
        find: "return requireScope({ caller }, 'check');",
        replace: 'void requireScope;\n  return caller;',
      },
    ],
    noticedBy: ['introspections', 'without the scope check is refused with 403'],
  },
  {
    name: 'id-with-the-key',
    keeps: 'a key is good with the id of its own client alone',
    edits: [
      {
        file: 'wire/introspection-http.ts',
        find: '  if (clientId !== null && clientId !== caller.clientId) throw new WrongKey();\n',
        replace: '  void clientId;\n',
      },
    ],
    noticedBy: ['introspections', 'with %s is refused with 401, and told how to ask'],
  },
  {
    name: 'origin-of-introspection',
    keeps: 'no page of a browser introspects',
    edits: [
      {
        file: 'wire/introspection-http.ts',
        find: '        if (request.headers.origin !== undefined) return refuseOrigin(reply);\n        const credentials',
        replace: '        const credentials',
      },
    ],
    noticedBy: ['introspections', 'from a page of the origin %j, key or not: 403'],
  },
  {
    name: 'parameters-once',
    keeps: 'a parameter of introspection comes once',
    edits: [
      {
        file: 'wire/introspection-http.ts',
        find: 'if (new Set(names).size < names.length) throw',
        replace: 'if (new Set(names).size < 0) throw',
      },
    ],
    noticedBy: ['introspections', 'that has %s: 400'],
  },
  {
    name: 'rings-of-signing-keys',
    keeps: 'a signing key id means one key to all processes',
    edits: [
      {
        file: 'key-rings/key-rings.ts',
        find: "{ ring: 'SIGNING_KEYS', keys: signingKeys },",
        replace: "{ ring: 'SIGNING_KEYS', keys: signingKeys.slice(signingKeys.length) },",
      },
    ],
    noticedBy: [
      'key-rings',
      'another key under an id of the others ends the start, and the same one in other words does not',
    ],
  },
];
