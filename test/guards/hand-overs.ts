// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

const CODES = 'hand-overs/hand-over-codes.ts';
const ORIGIN = 'config/return-origin.ts';

/** Of the ways back to a product and from an app into the pages: once, in time, bound, and nowhere else. */
export const handOverGuards: readonly Guard[] = [
  {
    name: 'hand-over-once',
    keeps: 'a code that was used is good for nothing',
    edits: [{ file: CODES, find: 'sql`o.used_at is null and o.expires_at', replace: 'sql`o.expires_at' }],
    noticedBy: ['hand-over-races', 'a code back to a product is redeemed once, however many redeem it, on two servers'],
  },
  {
    name: 'hand-over-in-time',
    keeps: 'a code is good for its time',
    edits: [{ file: CODES, find: ' and o.expires_at > clock_timestamp()', replace: '' }],
    noticedBy: ['returns', 'after RECEIPT_SECONDS, and until then it is'],
  },
  {
    name: 'hand-overs-per-session',
    keeps: 'a session has five codes',
    edits: [{ file: CODES, find: 'offset ${OPEN_MOST - 1}', replace: 'offset ${1_000 * OPEN_MOST}' }],
    noticedBy: ['returns', 'has the last five codes, however many are asked for'],
  },
  {
    name: 'return-state',
    keeps: 'a code back to a product is good under its own state',
    edits: [{ file: CODES, find: ' and o.state_hash = ${hashOf(state)}', replace: '' }],
    noticedBy: ['returns', 'under another state, without which it stays good'],
  },
  {
    name: 'return-epoch',
    keeps: 'a code back to a product is good under the epoch that it was made under',
    edits: [{ file: CODES, find: 'and o.epoch = a.epoch and (o.client_id', replace: 'and (o.client_id' }],
    noticedBy: ['returns', 'once its session is %s'],
  },
  {
    name: 'hand-over-epoch',
    keeps: 'a session is handed over under the epoch that its code was made under',
    edits: [
      { file: CODES, find: '${this.leadsIn(code)} and o.epoch = a.epoch`', replace: '${this.leadsIn(code)}`' },
      {
        file: 'sign-in/page-openings.ts',
        find: '          epoch,\n',
        replace: '          epoch: account.epoch + 0 * epoch,\n',
      },
    ],
    noticedBy: [
      'hand-overs',
      'that was made before a change of password opens nothing after it, though its session goes on',
    ],
  },
  {
    name: 'return-client',
    keeps: 'a client that does not see an account uses up none of its codes',
    edits: [{ file: CODES, find: "and ${isOf(caller, 'a')}", replace: '' }],
    noticedBy: ['returns', 'to a client that does not see the account, and stays good for one that does'],
  },
  {
    name: 'return-origin-of-a-client',
    keeps: 'a code that leads to the origin of one client is redeemed by no other',
    edits: [{ file: CODES, find: ' and (o.client_id is null or o.client_id = ${caller.clientId})', replace: '' }],
    noticedBy: ['returns', 'to any client but the one whose own the origin is'],
  },
  {
    name: 'handed-over-stays-as-old',
    keeps: 'a session makes itself no younger, nor goes on for ever, by handing itself over',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'parent_id = null, created_at = origin.created_at,',
        replace: 'parent_id = null,',
      },
    ],
    noticedBy: ['hand-overs', 'it is as old as the app was, and hands nothing over'],
  },
  {
    name: 'handed-over-with-the-token',
    keeps: 'what was handed over by the token from before a change of password ends with it',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'await countOf(tx, this.endingWhere(tx, sql`s.parent_id = ${sessionId}`));',
        replace: '',
      },
    ],
    noticedBy: ['hand-overs', 'together with the token that the app had before a change of password'],
  },
  {
    name: 'return-origins',
    keeps: 'the pages lead back to listed origins alone',
    edits: [
      {
        file: 'returns/returns.ts',
        find: 'if (!address || !this.origins.includes(address.origin)) return null;',
        replace: 'if (!address) return null;',
      },
    ],
    noticedBy: ['returns', 'is led nowhere by %j, and no code is made'],
  },
  {
    name: 'return-once-named',
    keeps: 'an address that brings a code or a state is none',
    edits: [
      {
        file: 'returns/returns.ts',
        find: 'takenNames.test(name)) ? null',
        replace: 'takenNames.test(name) && false) ? null',
      },
    ],
    noticedBy: ['returns', 'is led nowhere by %j, and no code is made'],
  },
  {
    name: 'return-without-user',
    keeps: 'an address that names a user is none',
    edits: [
      { file: ORIGIN, find: " || username !== '' || password !== ''", replace: '' },
      { file: ORIGIN, find: '  if (/^[a-z][a-z\\d+.-]*:\\/*[^/?#]*@/i.test(text)) return null;\n', replace: '' },
    ],
    noticedBy: ['return-origins', '%j'],
  },
  {
    name: 'return-as-written',
    keeps: 'an address with characters that are left out or read as others is none',
    edits: [{ file: ORIGIN, find: ' || isOdd.test(text)', replace: '' }],
    noticedBy: ['return-origins', '%j'],
  },
  {
    name: 'return-schemes',
    keeps: 'what runs something is on no list',
    edits: [{ file: ORIGIN, find: 'neverBack.test(protocol) || ', replace: '' }],
    noticedBy: ['return-origins', 'is not %j'],
  },
  {
    name: 'hand-over-over-a-session',
    keeps: 'nothing is handed over to a browser in which somebody is signed in',
    edits: [{ file: 'sign-in/page-openings.ts', find: '    if (session) return new HandOverVoid();\n', replace: '' }],
    noticedBy: [
      'hand-overs',
      'opens nothing over a live session, of whomever, and stays good for a browser without one',
    ],
  },
  {
    name: 'handed-over-once',
    keeps: 'what was handed over hands nothing over',
    edits: [
      {
        file: 'sign-in/page-openings.ts',
        find: 'if (await this.sessions.isHandedOver(tx, session.id)) {',
        replace: 'if (!session.id) {',
      },
    ],
    noticedBy: ['hand-overs', 'what was handed over hands nothing over'],
  },
  {
    name: 'hand-over-is-looked-up',
    keeps: 'a session is handed over by a code that was used',
    edits: [{ file: 'sessions/sessions.ts', find: ' and o.used_at is not null', replace: '' }],
    noticedBy: ['session-reasons', 'opens a session by a code that is used, and by no other'],
  },
  {
    name: 'handed-over-on-its-device',
    keeps: 'a session is handed over on the device of its own',
    edits: [{ file: 'sessions/sessions.ts', find: " and s.device_id = d.id and s.reason <> 'HAND_OVER'", replace: '' }],
    noticedBy: [
      'session-reasons',
      'opens nothing for another account, on another device, nor once its session is over',
    ],
  },
  {
    name: 'handed-over-ends-with-one',
    keeps: 'a session that was handed over ends with the one it came from',
    edits: [{ file: 'sessions/sessions.ts', find: ' or s.parent_id = ${sessionId}', replace: '' }],
    noticedBy: ['hand-overs', 'together with the app, by %s, and each of the two has an event'],
  },
  {
    name: 'handed-over-ends-with-many',
    keeps: 'sessions that were handed over end with those they came from, to make room too',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'join marked m on h.parent_id = m.id',
        replace: 'join marked m on h.parent_id = m.id and false',
      },
      // What is no longer marked is dead all the same.
      {
        file: 'sessions/session-rules.ts',
        find: "and ${unindexed(isLiveItself(limits, raw('parent')))}",
        replace: '',
      },
    ],
    noticedBy: ['hand-overs', 'where the session of the app has to make room'],
  },
  {
    name: 'handed-over-lapses-with-it',
    keeps: 'a session that was handed over is live only while the one it came from is',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: "and ${unindexed(isLiveItself(limits, raw('parent')))}",
        replace: '',
      },
    ],
    noticedBy: ['hand-overs', 'once the session of the app has lapsed, and are told to lapse with it'],
  },
  {
    name: 'kept-stands-alone',
    keeps: 'who ends all others from the pages stays',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'update session s set parent_id = null, created_at',
        replace: 'update session s set parent_id = s.parent_id, created_at',
      },
    ],
    noticedBy: ['hand-overs', '%s'],
  },
  {
    name: 'hand-over-without-room',
    keeps: 'nothing is handed over from a session that has to make room for it',
    edits: [{ file: 'sessions/sessions.ts', find: 'and s.id not in (select id from chosen) ', replace: '' }],
    noticedBy: ['hand-overs', 'where a device may have one session alone, nothing is handed over, and the app stays'],
  },
];
