// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** Against odd clients: documents, requests, sockets, cookies, addresses, and what is told to whom. */
export const requestGuards: readonly Guard[] = [
  {
    name: 'one-mutation',
    keeps: 'a mutation has one root field',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: 'if (fields > 1) reject(context, `A ${operation} has exactly one root field.`);',
        replace: '',
      },
    ],
    noticedBy: ['document-rules', 'and is refused before any of it is done: %s'],
  },
  {
    name: 'one-mutation-through-fragments',
    keeps: 'fragments hide no second mutation',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: 'else fields += countInFragment(context, selection.name.value, counted);',
        replace: 'else fields = Math.max(fields, countInFragment(context, selection.name.value, counted));',
      },
    ],
    noticedBy: ['document-rules', 'and is refused before any of it is done: %s'],
  },
  {
    name: 'one-mutation-through-inline-fragments',
    keeps: 'inline fragments hide no second mutation',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '\n      fields += countRootFields(context, selection.selectionSet, counted);',
        replace: '\n      fields = Math.max(fields, countRootFields(context, selection.selectionSet, counted));',
      },
    ],
    noticedBy: ['document-rules', 'and is refused before any of it is done: %s'],
  },
  {
    name: 'one-mutation-in-every-operation',
    keeps: 'an operation that is not run is counted too',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: 'OperationDefinition({ operation, selectionSet }) {\n      if (operation === OperationTypeNode.QUERY) return;',
        replace:
          "OperationDefinition({ operation, selectionSet, name }) {\n      if (operation === OperationTypeNode.QUERY || name?.value === 'M') return;",
      },
    ],
    noticedBy: ['document-rules', 'and is refused before any of it is done: %s'],
  },
  {
    name: 'fragments-counted-once',
    keeps: 'doubling fragments are counted in no time',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '  const known = counted.get(name);\n  if (known !== undefined) return known;',
        replace: '',
      },
    ],
    noticedBy: ['document-rules', 'and doubling fragments that come to nothing are counted in no time'],
    breaks: true,
  },
  {
    name: 'fragments-measured-once',
    keeps: 'the depth of doubling fragments is found in no time',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '    const known = this.fragments.get(name);\n    if (known !== undefined) return known;',
        replace: '',
      },
    ],
    noticedBy: ['document-rules', 'and doubling fragments are counted in no time'],
    breaks: true,
  },
  {
    name: 'depth',
    keeps: 'a document is GRAPHQL_DEPTH levels deep',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '(context) => new DepthRule(context, limits.GRAPHQL_DEPTH).visitor(),',
        replace: '',
      },
    ],
    noticedBy: ['document-rules', 'hold its depth'],
  },
  {
    name: 'depth-through-fragments',
    keeps: 'fragments hide no depth',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: 'return this.depthOfFragment(selection.name.value, spreading);',
        replace: 'return 1;',
      },
    ],
    noticedBy: ['document-rules', 'hold its depth through fragments'],
  },
  {
    name: 'aliases',
    keeps: 'a document has GRAPHQL_ALIASES aliases',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '(context) => maxAliases(context, limits),',
        replace: '',
      },
    ],
    noticedBy: ['document-rules', 'hold its aliases'],
  },
  {
    name: 'tokens-over-http',
    keeps: 'a document over HTTP has GRAPHQL_TOKENS tokens',
    edits: [
      {
        file: 'wire/http.ts',
        find: 'parseOptions: { maxTokens: config.limits.GRAPHQL_TOKENS, noLocation: true },',
        replace: 'parseOptions: { noLocation: true },',
      },
    ],
    noticedBy: ['document-rules', 'hold its length'],
  },
  {
    name: 'tokens-over-websocket',
    keeps: 'a document over WebSocket has GRAPHQL_TOKENS tokens',
    edits: [
      {
        file: 'wire/documents.ts',
        find: 'parse(text, { maxTokens: this.limits.GRAPHQL_TOKENS, noLocation: true })',
        replace: 'parse(text, { noLocation: true })',
      },
    ],
    noticedBy: ['document-rules', 'hold its length'],
  },
  {
    name: 'rules-over-websocket',
    keeps: 'the rules of documents hold over WebSocket too',
    edits: [
      {
        file: 'wire/documents.ts',
        find: '[...specifiedRules, ...this.rules]',
        replace: '[...specifiedRules, ...this.rules.slice(9)]',
      },
    ],
    noticedBy: ['document-rules', 'hold its depth'],
  },
  {
    name: 'introspection-over-http',
    keeps: 'where introspection is off it is off over HTTP',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),',
        replace: '',
      },
    ],
    noticedBy: ['document-rules', 'leave out the schema where introspection is off, but for the names of types'],
  },
  {
    name: 'introspection-over-websocket',
    keeps: 'where introspection is off it is off over WebSocket',
    edits: [
      {
        file: 'wire/document-rules.ts',
        find: '...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),',
        replace: '',
      },
      {
        file: 'wire/websocket.ts',
        find: 'if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {',
        replace: 'if (!operation) {',
      },
    ],
    noticedBy: ['document-rules', 'leave out the schema where introspection is off, but for the names of types'],
  },
  {
    name: 'batches',
    keeps: 'several documents at once are refused',
    edits: [
      { file: 'wire/http.ts', find: 'allowBatchedHttpRequests: false', replace: 'allowBatchedHttpRequests: true' },
    ],
    noticedBy: ['document-rules', 'of several documents at once is refused'],
  },
  {
    name: 'persisted-queries',
    keeps: 'there are no automatic persisted queries',
    edits: [{ file: 'wire/http.ts', find: 'persistedQueries: false,', replace: 'persistedQueries: {},' }],
    noticedBy: ['document-rules', 'for a stored document is refused: there are none'],
  },
  {
    name: 'get',
    keeps: 'GET answers no document without a header that no form sends',
    edits: [
      {
        file: 'wire/http.ts',
        find: 'isQueryByGet(request) ? undefined',
        replace: 'isQueryByGet(request) || !request.ws ? undefined',
      },
    ],
    noticedBy: ['document-rules', 'by GET is refused, and so nothing changes by it'],
  },
  {
    name: 'get-secrets',
    keeps: 'no code is shown by GET, and no token taken',
    edits: [
      { file: 'wire/get-requests.ts', find: 'if (field === null) return;', replace: "if (field !== '') return;" },
    ],
    noticedBy: ['other-clients', 'takes no token and shows no code, however that is asked for'],
  },
  {
    name: 'different-tokens',
    keeps: 'a request that names two sessions is refused',
    edits: [
      {
        file: 'wire/session-tokens.ts',
        find: 'if (new Set(tokens).size > 1) throw',
        replace: 'if (new Set(tokens).size > 9) throw',
      },
    ],
    noticedBy: ['other-clients', 'is refused where two places name different ones'],
  },
  {
    name: 'stalled-clients',
    keeps: 'a client that stalls does not hold up a shutdown',
    edits: [{ file: 'wire/listener.ts', find: '  cutStalledConnections(app);\n', replace: '' }],
    noticedBy: ['stopping', 'does not wait for clients that never end a request'],
  },
  {
    name: 'spare-connections',
    keeps: 'a connection that was opened in advance does not hold up a shutdown',
    edits: [
      { file: 'wire/listener.ts', find: 'if (socket.bytesRead === 0) socket.destroy();', replace: 'void socket;' },
    ],
    noticedBy: ['closing', 'does not wait for a connection that was opened in advance'],
  },
  {
    name: 'content-type',
    keeps: 'a body that is not JSON is refused',
    edits: [{ file: 'wire/http-headers.ts', find: "app.removeContentTypeParser('text/plain');", replace: '' }],
    noticedBy: ['document-rules', 'whose content type is %s is refused'],
  },
  {
    name: 'body-size',
    keeps: 'a body that is too long is refused',
    edits: [{ file: 'wire/listener.ts', find: 'bodyLimit: BODY_BYTES,', replace: '' }],
    noticedBy: ['document-rules', 'that is too long is refused'],
  },
  {
    name: 'no-hints',
    keeps: 'in production a wrong name is answered without the right one',
    edits: [
      { file: 'wire/http.ts', find: 'hideSchemaDetailsFromClientErrors: config.production,', replace: '' },
      {
        file: 'wire/format-error.ts',
        find: 'const message = production ? withoutHints(shown) : shown;',
        replace: 'const message = shown;',
      },
    ],
    noticedBy: ['document-rules', 'with a misspelt name, as in %s, is not told in production what there is'],
  },
  {
    name: 'masked-errors',
    keeps: 'a fault of ours tells an id and nothing else',
    edits: [
      {
        file: 'wire/format-error.ts',
        find: "message: 'Something went wrong on our side.',",
        replace: 'message: String(cause),',
      },
    ],
    noticedBy: ['document-rules', 'that fails on our side is told an id, under which the log has the rest'],
  },
  {
    name: 'refused-values',
    keeps: 'a refused value is not quoted',
    edits: [
      {
        file: 'wire/format-error.ts',
        find: 'const refused = cause instanceof GraphQLError ? (refusedVariable(cause) ?? refusedNull(cause)) : null;',
        replace: 'const refused = cause instanceof GraphQLError ? refusedNull(cause) : null;',
      },
    ],
    noticedBy: [
      'sign-up',
      'a value of the wrong type is refused by its place, and is not quoted: it may hold a password',
    ],
  },
  {
    name: 'subscriptions-alone-over-websocket',
    keeps: 'WebSocket runs subscriptions only',
    edits: [
      {
        file: 'wire/websocket.ts',
        find: 'if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {',
        replace: 'if (!operation) {',
      },
    ],
    noticedBy: ['websocket', '%s is refused, and nothing of it is done'],
  },
  {
    name: 'origin-of-a-socket',
    keeps: "a WebSocket's Origin is on the list",
    edits: [
      {
        file: 'wire/http.ts',
        find: 'if (origin !== undefined && !config.allowedOrigins.includes(origin)) return refuseOrigin(reply);',
        replace: 'if (origin === "") return refuseOrigin(reply);',
      },
    ],
    noticedBy: ['websocket', 'by no page of the origin %s'],
  },
  {
    name: 'origin-for-cookies',
    keeps: 'cookies count from an Origin on the list alone',
    edits: [
      {
        file: 'wire/http-headers.ts',
        find: "'OPTIONS' || request.headers[TRANSPORT_HEADER] !== undefined) {",
        replace: "'OPTIONS' || request.headers[TRANSPORT_HEADER] === '') {",
      },
    ],
    noticedBy: ['cookies', 'a foreign origin that asks for cookies is refused'],
  },
  {
    name: 'cors',
    keeps: 'pages of an origin that is not on the list read no answer',
    edits: [
      {
        file: 'wire/http-headers.ts',
        find: 'if (allowedOrigins.includes(origin)) {',
        replace: 'if (allowedOrigins.length > 0) {',
      },
    ],
    noticedBy: ['headers', 'a page of an origin that is not on the list may read no answer'],
  },
  {
    name: 'header-for-cookies',
    keeps: 'cookies do not count without the header that asks for them',
    edits: [
      {
        file: 'wire/cookies.ts',
        find: "if (request.headers[TRANSPORT_HEADER] !== 'cookie') return null;",
        replace: '',
      },
    ],
    noticedBy: ['cookies', 'cookies do not count without the header that asks for them'],
  },
  {
    name: 'origin-for-socket-cookies',
    keeps: 'with cookies a WebSocket has an Origin',
    edits: [
      {
        file: 'wire/socket-door.ts',
        find: 'request.headers.origin === undefined ? null : this.serving',
        replace: 'request.headers.origin === "" ? null : this.serving',
      },
    ],
    noticedBy: ['cookies', 'at a WebSocket upgrade the session cookie $what'],
  },
  {
    name: 'authorization-over-cookies',
    keeps: 'Authorization wins over cookies',
    edits: [
      {
        file: 'wire/http.ts',
        find: 'const jar = bearer === null ? cookies.jarOf(request, reply) : null;',
        replace: 'const jar = cookies.jarOf(request, reply);',
      },
      {
        file: 'wire/http.ts',
        find: 'bearer ?? (jar && cookies.sessionToken(request))',
        replace: '(jar && cookies.sessionToken(request)) ?? bearer',
      },
    ],
    noticedBy: ['cookies', 'Authorization wins over cookies'],
  },
  {
    name: 'cookies-out-of-reach',
    keeps: "cookies are out of a script's reach",
    edits: [{ file: 'wire/cookies.ts', find: 'httpOnly: true', replace: 'httpOnly: false' }],
    noticedBy: ['cookies', 'a browser that asks for cookies is given both tokens there, and none in the answer'],
  },
  {
    name: 'cookies-of-one-site',
    keeps: 'cookies are not sent from other sites',
    edits: [{ file: 'wire/cookies.ts', find: "sameSite: 'strict'", replace: "sameSite: 'lax'" }],
    noticedBy: ['cookies', 'a browser that asks for cookies is given both tokens there, and none in the answer'],
  },
  {
    name: 'host-cookies',
    keeps: 'on https cookies are Secure and bound to the host',
    edits: [
      {
        file: 'wire/cookies.ts',
        find: "this.prefix = secure ? '__Host-doorstep' : 'doorstep';",
        replace: "this.prefix = 'doorstep';",
      },
    ],
    noticedBy: ['headers', 'on https are Secure, bound to the host, and named by PUBLIC_URL alone'],
  },
  {
    name: 'device-cookies-bound',
    keeps: 'a browser has ten device cookies',
    edits: [
      {
        file: 'wire/cookies.ts',
        find: 'for (const [oldest] of tooMany) reply.clearCookie(oldest, this.options);',
        replace: 'void tooMany;',
      },
    ],
    noticedBy: ['headers', 'of an eleventh account in one browser push out the oldest device cookie'],
  },
  {
    name: 'https-in-production',
    keeps: 'in production session cookies do not travel in clear',
    edits: [
      {
        file: 'config/config.ts',
        find: "if (production && env.PUBLIC_URL && publicUrl.protocol !== 'https:') {",
        replace: "if (production && env.PUBLIC_URL === '') {",
      },
    ],
    noticedBy: ['config', 'of production does not let session cookies travel in clear'],
  },
  {
    name: 'limits-validated',
    keeps: 'a limit out of its bounds stops the start',
    edits: [
      {
        file: 'config/config.ts',
        find: 'if (value >= min && value <= max) return value;',
        replace: 'if (value >= 0) return value;',
      },
    ],
    noticedBy: ['config', '%s takes a whole number within its bounds, and nothing else'],
  },
  {
    name: 'content-security-policy',
    keeps: 'every answer has a policy without inline script',
    edits: [
      {
        file: 'wire/http-headers.ts',
        find: "'script-src': [\"'self'\"],",
        replace: "'script-src': [\"'self'\", \"'unsafe-inline'\"],",
      },
    ],
    noticedBy: ['headers', 'every answer has the security headers, whatever it answers'],
  },
  {
    name: 'frame-ancestors',
    keeps: 'no page frames ours',
    edits: [{ file: 'wire/http-headers.ts', find: "        'frame-ancestors': [\"'none'\"],\n", replace: '' }],
    noticedBy: ['headers', 'every answer has the security headers, whatever it answers'],
  },
  {
    name: 'hsts',
    keeps: 'in production browsers come back by https alone',
    edits: [
      {
        file: 'wire/http-headers.ts',
        find: 'config.production ? { maxAge: YEAR_SECONDS, includeSubDomains: true } : false',
        replace: 'config.production && YEAR_SECONDS < 0',
      },
    ],
    noticedBy: ['headers', 'every answer has the security headers, whatever it answers'],
  },
  {
    name: 'no-store',
    keeps: 'no answer of the API is kept',
    edits: [
      { file: 'wire/http-headers.ts', find: "reply.header('cache-control', 'no-store');", replace: 'void reply;' },
    ],
    noticedBy: ['headers', 'every answer has the security headers, whatever it answers'],
  },
  {
    name: 'trusted-proxies',
    keeps: 'a forwarding header counts from TRUST_PROXY alone',
    edits: [
      {
        file: 'wire/listener.ts',
        find: 'trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,',
        replace: 'trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : true,',
      },
    ],
    noticedBy: ['activity', 'is not made up by a header where no proxy is trusted'],
  },
  {
    name: 'proxies-from-the-right',
    keeps: 'forwarding headers are read from the right',
    edits: [
      {
        file: 'wire/listener.ts',
        find: 'trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,',
        replace: 'trustProxy: config.trustProxy.length > 0,',
      },
    ],
    noticedBy: ['activity', 'is found for IPv6, and for what the nearest proxy we trust says, read from the right'],
  },
  {
    name: 'proxy-warning',
    keeps: 'a forwarding header that is not trusted is warned of, once',
    edits: [{ file: 'wire/http-headers.ts', find: '    isSaid = true;\n', replace: '' }],
    noticedBy: ['headers', 'a forwarding header is warned of once while TRUST_PROXY is unset'],
  },
  {
    name: 'local-peer',
    keeps: 'the inbox is for peers of this machine',
    edits: [{ file: 'wire/local-only.ts', find: 'isLoopback(request.socket.remoteAddress) &&', replace: '' }],
    noticedBy: ['inbox', 'a peer that is not loopback is refused, an IPv4 one mapped into IPv6 is loopback'],
  },
  {
    name: 'local-host',
    keeps: 'the inbox is for our own Host',
    edits: [{ file: 'wire/local-only.ts', find: 'isOurHost(request.headers.host, port()) &&', replace: '' }],
    noticedBy: ['inbox', 'a request with %s meets the answer for an unknown page and changes nothing'],
  },
  {
    name: 'local-forwarding',
    keeps: 'the inbox is not for what a proxy forwards',
    edits: [
      {
        file: 'wire/local-only.ts',
        find: '!Object.keys(request.headers).some((name) => forwardingHeader.test(name)) &&',
        replace: '',
      },
    ],
    noticedBy: ['inbox', 'a request with %s meets the answer for an unknown page and changes nothing'],
  },
  {
    name: 'local-page',
    keeps: 'the inbox is not for pages of other sites',
    edits: [{ file: 'wire/local-only.ts', find: ' &&\n    isOurPageOrNone(request);', replace: ';' }],
    noticedBy: ['inbox', 'a request with %s meets the answer for an unknown page and changes nothing'],
  },
  {
    name: 'metrics-token',
    keeps: 'metrics are for a token, or for this machine',
    edits: [
      {
        file: 'wire/metrics.ts',
        find: 'if (!hasToken(request, metricsToken) && (production || !isLocal(request))) return reply.callNotFound();',
        replace: '',
      },
    ],
    noticedBy: ['metrics', 'metrics count people, so a request through a proxy needs the token'],
  },
  {
    name: 'metrics-in-production',
    keeps: 'in production metrics need the token, from this machine too',
    edits: [{ file: 'wire/metrics.ts', find: '(production || !isLocal(request))', replace: '!isLocal(request)' }],
    noticedBy: ['headers', 'metrics need their token, even from this machine'],
  },
  {
    name: 'worker-readiness',
    keeps: 'a worker that cannot reach its queue is not ready',
    edits: [{ file: 'wiring/worker-app.ts', find: '      await queue.check();\n', replace: '' }],
    noticedBy: ['worker-health', 'a worker is ready while it can take jobs, and alive all along'],
  },
  {
    name: 'no-inbox-in-production',
    keeps: 'in production there is no inbox',
    edits: [
      {
        file: 'wiring/app.ts',
        find: 'const inbox = config.production ? undefined : this.parts.inbox;',
        replace: 'const { inbox } = this.parts;',
      },
    ],
    noticedBy: ['headers', 'there is no inbox, even where one is at hand'],
  },
  {
    name: 'events-checked',
    keeps: 'a live code is shown to a session that is live and trusted at that moment',
    edits: [
      {
        file: 'prompts/prompt-views.ts',
        find: "where found.is_trusted and ${isForDevice(askedIn('c'), 'found')}\n",
        replace: 'where true\n',
      },
      {
        file: 'prompts/prompt-views.ts',
        find: "\n              and ${unindexed(isLive(this.limits, 's'))} and ${isTrusted(this.limits, 'd')} and d.receives_codes\n              and ${isForDevice(askedIn('c'), 'd')}),",
        replace: '),',
      },
      {
        file: 'sessions/session-stream.ts',
        find: "const isLast = seen.standing === 'OVER' || (this.needsTrust && seen.standing === 'UNTRUSTED');",
        replace: 'const isLast = !this.needsTrust && this.needsTrust;',
      },
    ],
    noticedBy: [
      'live-codes',
      'a device whose trust lapsed while its socket was open is shown no code, although its session is live',
    ],
  },
  {
    name: 'codes-checked-as-they-are-shown',
    keeps: 'a code that had to wait is checked again',
    edits: [{ file: 'api/live.ts', find: ' && rings === this.rings', replace: ' && rings <= this.rings' }],
    noticedBy: ['live-codes', 'a device that is trusted no more while its code is on the way is shown none'],
  },
  {
    name: 'activity-checked',
    keeps: 'an entry of the activity is shown to a session that is live at that moment',
    edits: [
      {
        file: 'sessions/session-stream.ts',
        find: "if (seen.standing === 'OVER') this.context.socket?.endSession();",
        replace: '',
      },
      {
        file: 'sessions/session-stream.ts',
        find: "seen.standing === 'OVER' || (this",
        replace: '(this',
      },
      { file: 'wire/sockets.ts', find: "if (standing === 'OVER') connection.endSession();", replace: '' },
    ],
    noticedBy: ['limits-of-sockets', 'is told no entry of the activity any more'],
  },
  {
    name: 'sockets-of-ended-sessions',
    keeps: 'the sockets of a session that ended are closed',
    edits: [{ file: 'wire/sockets.ts', find: "if (standing === 'OVER') connection.endSession();", replace: '' }],
    noticedBy: ['sign-in', 'it trusts this device and ends every other session, whose sockets close with 4401'],
  },
  {
    name: 'sockets-rechecked',
    keeps: 'the session of a socket is read again every WS_RECHECK_SECONDS',
    edits: [
      {
        file: 'wire/sockets.ts',
        find: 'run: (db) => this.checkAll(db),',
        replace: 'run: async () => void this.checkAll,',
      },
    ],
    noticedBy: ['limits-of-sockets', 'is closed within WS_RECHECK_SECONDS, though nobody says anything'],
  },
  {
    name: 'lost-wake-ups',
    keeps: 'a wake-up that got lost is made up for within WS_RECHECK_SECONDS',
    edits: [{ file: 'challenges/lost-wake-ups.ts', find: '      bus.wakeHere(topic);\n', replace: '' }],
    noticedBy: ['lost-wake-ups', 'is told to trusted devices all the same, within WS_RECHECK_SECONDS'],
  },
  {
    name: 'servers-that-were-killed',
    keeps: 'the devices of a killed server do not stay online',
    edits: [
      {
        file: 'devices/trust.ts',
        find: "case when pr.renewed_at = 'infinity' then sv.renewed_at else pr.renewed_at end",
        replace: 'pr.renewed_at',
      },
    ],
    noticedBy: ['devices', 'does not keep a device online whose server no longer renews its row'],
  },
  {
    name: 'messages-after-the-end',
    keeps: 'no message is executed after the session has ended',
    edits: [
      {
        file: 'wire/connection.ts',
        find: "this.socket.on('message', (data) => {\n      if (this.isOver || this.isMute) return;",
        replace: "this.socket.on('message', (data) => {",
      },
    ],
    noticedBy: [
      'websocket',
      'whose peer ignores the end of its session is served nothing more, and is cut off within a second',
    ],
  },
  {
    name: 'deaf-peers-cut-off',
    keeps: 'a peer that ignores the close is cut off',
    edits: [
      {
        file: 'wire/connection.ts',
        find: 'setTimeout(() => socket.terminate(), TERMINATE_AFTER_MS).unref();',
        replace: 'void TERMINATE_AFTER_MS;',
      },
    ],
    noticedBy: [
      'websocket',
      'whose peer ignores the end of its session is served nothing more, and is cut off within a second',
    ],
  },
  {
    name: 'messages-per-minute',
    keeps: 'a socket sends WS_MESSAGES_PER_MINUTE messages',
    edits: [
      {
        file: 'wire/connection.ts',
        find: 'if (this.refuseFlood(this.messages)) return;',
        replace: '',
      },
    ],
    noticedBy: ['websocket', 'with 1008 if it sends more messages than it may'],
  },
  {
    name: 'message-size',
    keeps: 'a message has WS_PAYLOAD_BYTES bytes',
    edits: [{ file: 'wire/http.ts', find: 'maxPayload: config.limits.WS_PAYLOAD_BYTES,', replace: '' }],
    noticedBy: ['websocket', 'with 1009 if a message is longer than it may be'],
  },
  {
    name: 'sockets-per-session',
    keeps: 'a session has WS_SOCKETS_PER_SESSION sockets on a server',
    edits: [
      {
        file: 'wire/sockets.ts',
        find: 'if (ofSession >= this.limits.WS_SOCKETS_PER_SESSION) return false;',
        replace: '',
      },
    ],
    noticedBy: ['websocket', 'of its session: the fourth is told to try again later'],
  },
  {
    name: 'anonymous-sockets',
    keeps: 'a network has WS_ANONYMOUS_SOCKETS_PER_IP sockets without a session on a server',
    edits: [
      {
        file: 'wire/sockets.ts',
        find: 'if (count >= this.limits.WS_ANONYMOUS_SOCKETS_PER_IP) return false;',
        replace: '',
      },
    ],
    noticedBy: ['websocket', 'of its network while nobody has signed in on it'],
  },
  {
    name: 'subscriptions-per-socket',
    keeps: 'a socket carries WS_SUBSCRIPTIONS subscriptions',
    edits: [
      {
        file: 'wire/websocket.ts',
        find: 'if (Object.keys(ctx.subscriptions).length > limits.WS_SUBSCRIPTIONS) {',
        replace: 'if (limits.WS_SUBSCRIPTIONS < 0) {',
      },
    ],
    noticedBy: ['websocket', 'and carries ten subscriptions: the eleventh is refused, and the others go on'],
  },
  {
    name: 'live-codes-for-trusted-devices',
    keeps: 'live codes are for trusted devices',
    edits: [
      {
        file: 'prompts/prompt-stream.ts',
        find: "if (this.standing === 'UNTRUSTED') throw new Forbidden();",
        replace: '',
      },
    ],
    noticedBy: ['live-codes', 'a device that is not trusted is refused, and so is nobody in particular'],
  },
  {
    name: 'live-codes-of-the-account',
    keeps: 'live codes are those of the own account',
    edits: [
      {
        file: 'prompts/prompt-views.ts',
        find: "and c.account_id = found.account_id and ${isPrompt('c')}",
        replace: "and ${isPrompt('c')}",
      },
      {
        file: 'prompts/prompt-views.ts',
        find: 'join session s on s.account_id = c.account_id join device d',
        replace: 'join session s on true join device d',
      },
    ],
    noticedBy: ['live-codes', "another account's requests never arrive"],
  },
  {
    name: 'reports-per-challenge',
    keeps: 'a challenge has REPORTS_PER_CHALLENGE support reports',
    edits: [
      {
        file: 'support/support-reports.ts',
        find: ' || written.ofChallenge >= ofChallengeMost',
        replace: ' || written.ofChallenge >= 1000 * ofChallengeMost',
      },
    ],
    noticedBy: ['support-report', 'are at most REPORTS_PER_CHALLENGE for a challenge'],
  },
  {
    name: 'reports-after-a-password',
    keeps: 'a challenge without a proven password has no support report',
    edits: [
      {
        file: 'support/support-reports.ts',
        find: 'view && isProven(view.row.purpose) ? view.row.accountId : null',
        replace: 'view && isProven("SIGN_IN") ? view.row.accountId : null',
      },
    ],
    noticedBy: ['support-report', 'is not written for the token of %s: no password was proven'],
  },
  {
    name: 'address-form',
    keeps: 'an address is one mailbox',
    edits: [
      {
        file: 'accounts/email-address.ts',
        find: 'localPart.test(local) &&',
        replace: 'local !== "" &&',
      },
    ],
    noticedBy: ['sign-up', 'an address such as %j is refused before anything is done'],
  },
  {
    name: 'subscription-unconditional',
    keeps: 'a subscription has a root field whatever its variables say',
    edits: [{ file: 'wire/document-rules.ts', find: '(context) => unconditionalSubscription(context),', replace: '' }],
    noticedBy: ['document-rules', 'has one subscription, and is the fault of the client %s'],
  },
  {
    name: 'sockets-elsewhere',
    keeps: 'there is no socket but at /graphql',
    edits: [
      {
        file: 'wire/http.ts',
        find: 'if (request.ws && !socketPaths.includes(request.routeOptions.url)) return reply.code(404).send();',
        replace: 'void [request, reply];',
      },
    ],
    noticedBy: ['odd-requests', 'a request for %s is refused'],
  },
  {
    name: 'length-of-addresses',
    keeps: 'an address is measured before it is composed',
    edits: [{ file: 'accounts/email-address.ts', find: 'text.length > TYPED_LENGTH_MOST', replace: 'text.length < 0' }],
    noticedBy: ['costly-requests', 'costs no more than any in a variable: %s'],
  },
  {
    name: 'length-of-passwords',
    keeps: 'a password is measured before it is composed',
    edits: [
      { file: 'passwords/password-text.ts', find: 'typed.length > TYPED_LENGTH_MOST', replace: 'typed.length < 0' },
    ],
    noticedBy: ['costly-requests', 'costs no more than any in a variable: %s'],
  },
  {
    name: 'judged-off-the-loop',
    keeps: 'a password is judged in a thread of its own',
    edits: [
      {
        file: 'passwords/password-strength.ts',
        find: '(await this.threads).run(estimated)',
        replace: "import('./password-estimate.js').then(({ default: estimate }) => estimate(estimated))",
      },
    ],
    noticedBy: ['costly-requests', 'of characters %s'],
  },
  {
    name: 'places-in-documents',
    keeps: 'an error does not read the document again for each node',
    edits: [{ file: 'wire/http.ts', find: 'GRAPHQL_TOKENS, noLocation: true },', replace: 'GRAPHQL_TOKENS },' }],
    noticedBy: ['costly-requests', '%s, be it in one line or in as many as fit'],
  },
  {
    name: 'errors-of-variables',
    keeps: 'few errors of variables are told',
    edits: [{ file: 'wire/http.ts', find: '    executionOptions,\n', replace: '' }],
    noticedBy: ['costly-requests', '%s cost no more than any'],
  },
  {
    name: 'fragments-bound',
    keeps: 'a message comes in few parts',
    edits: [
      { file: 'wire/http.ts', find: '      maxFragments: WS_FRAGMENTS_MOST,\n', replace: '' },
      { file: 'wire/connection.ts', find: '      this.refuseFlood(this.controls);\n', replace: '' },
    ],
    noticedBy: ['held-bytes', 'in parts of a message that are one byte each'],
  },
  {
    name: 'pieces-bound',
    keeps: 'a part of a message comes in few pieces',
    edits: [{ file: 'wire/http.ts', find: '      maxBufferedChunks: WS_PIECES_MOST,\n', replace: '' }],
    noticedBy: ['held-bytes', 'in a message that comes byte by byte'],
  },
  {
    name: 'documents-of-a-socket',
    keeps: 'what the subscriptions of a socket keep is bounded',
    edits: [
      {
        file: 'wire/websocket.ts',
        find: 'if (sum(underWay.values()) + tokens > DOCUMENTS_MOST * limits.GRAPHQL_TOKENS) {',
        replace: 'if (sum(underWay.values()) < 0) {',
      },
    ],
    noticedBy: ['held-bytes', 'in ten subscriptions that are as long as they may be'],
  },
  {
    name: 'pieces-of-bodies',
    keeps: 'a body comes in few pieces',
    edits: [
      {
        file: 'wire/connection-bounds.ts',
        find: 'if (pieces > BODY_PIECES_MOST) request.raw.socket.destroy();',
        replace: '',
      },
    ],
    noticedBy: ['held-bytes', 'in a body that comes byte by byte'],
  },
  {
    name: 'answers-in-turn',
    keeps: 'requests of one connection are answered one after the other',
    edits: [
      {
        file: 'wire/connection-bounds.ts',
        find: '  answerInTurn(app, limits.ANSWER_SECONDS * 1000);\n',
        replace: '  void answerInTurn;\n  void limits;\n',
      },
    ],
    noticedBy: ['held-bytes', 'in requests that it sends all at once'],
  },
  {
    name: 'pages-shared',
    keeps: 'connections share what they are sent',
    edits: [
      {
        file: 'wire/playground.ts',
        find: 'return reply.send(plain);',
        replace: 'return reply.send(plain.toString());',
      },
    ],
    noticedBy: ['held-bytes', 'in large answers that it does not read'],
  },
  {
    name: 'pongs-known',
    keeps: 'a peer that does not read is cut off',
    edits: [
      {
        file: 'wire/connection.ts',
        find: 'if (String(data) === this.expectedPong) this.expectedPong = null;',
        replace: 'this.expectedPong = null;',
      },
    ],
    noticedBy: ['odd-requests', 'a socket whose peer does not read, and answers pings all the same, is cut off'],
  },
  {
    name: 'floods-of-control',
    keeps: 'pings and pongs are counted',
    edits: [
      { file: 'wire/connection.ts', find: "socket.on('ping', () => this.refuseFlood(this.controls));", replace: '' },
    ],
    noticedBy: ['odd-frames', 'of %s, twice as many in a minute as messages, is taken, and one more ends the socket'],
  },
  {
    name: 'tokens-that-are-texts',
    keeps: 'an authorization that is no text is refused',
    edits: [
      {
        file: 'wire/session-tokens.ts',
        find: "if (typeof value !== 'string') return [NO_TOKEN];",
        replace: "if (typeof value !== 'string') return [String(value)];",
      },
    ],
    noticedBy: ['odd-clients', 'is no fault of ours in what opens a socket: %j'],
  },
  {
    name: 'clients-that-are-gone',
    keeps: 'who is gone is nobody to answer',
    edits: [
      {
        file: 'wire/connection-bounds.ts',
        find: '    if (socket.remoteAddress === undefined) return reply.hijack();\n',
        replace: '',
      },
    ],
    noticedBy: ['odd-clients', '%s is no fault of ours, whether it ends or resets the connection'],
  },
  {
    name: 'streams-cut',
    keeps: 'an answer that was cut off is no fault of ours',
    edits: [
      {
        file: 'wire/listener.ts',
        find: "request.raw.socket.destroyed && cutCodes.includes(error.code ?? '')",
        replace: "request.raw.socket.destroyed && cutCodes.includes('')",
      },
    ],
    noticedBy: ['odd-clients', '%s is no fault of ours, whether it ends or resets the connection'],
  },
  {
    name: 'slow-readers',
    keeps: 'an answer that is not read is not kept for ever',
    edits: [
      {
        file: 'wire/connection-bounds.ts',
        find: 'setTimeout(() => socket.destroy(), answerMs)',
        replace: 'setTimeout(() => undefined, answerMs)',
      },
    ],
    noticedBy: ['answers', 'is cut off after ANSWER_SECONDS, whatever else it sends, and not before'],
  },
];
