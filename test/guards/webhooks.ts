// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** Of webhooks, and of whatever goes to addresses that others chose. */
export const webhookGuards: readonly Guard[] = [
  {
    name: 'webhooks-of-others',
    keeps: "a client is sent what its feed tells it, and nothing of another's people",
    edits: [
      {
        file: 'outbox/webhooks.ts',
        find: 'any(c.scopes) and ${isSeen}',
        replace: 'any(c.scopes) and (true or ${isSeen})',
      },
    ],
    noticedBy: ['webhooks', 'of its own people alone, of own accounts where it sees them, and where it has the scope'],
  },
  {
    name: 'webhooks-without-scope',
    keeps: 'a client without the scope of events is sent none',
    edits: [
      { file: 'outbox/webhooks.ts', find: "'events' = any(c.scopes) and ${isSeen}", replace: '${isSeen}' },
      {
        file: 'outbox/webhooks.ts',
        find: "c.ended_at is null and 'events' = any(c.scopes)\n            and w.url",
        replace: 'c.ended_at is null\n            and w.url',
      },
      {
        file: 'outbox/webhooks.ts',
        find: " and ended_at is null and 'events' = any(scopes)`",
        replace: ' and ended_at is null`',
      },
    ],
    noticedBy: ['webhooks', 'of its own people alone, of own accounts where it sees them, and where it has the scope'],
  },
  {
    name: 'webhooks-of-ended-clients',
    keeps: 'a client that has ended is sent nothing more',
    edits: [
      {
        file: 'outbox/webhooks.ts',
        find: "c.id = w.client_id and c.ended_at is null and 'events'",
        replace: "c.id = w.client_id and 'events'",
      },
      {
        file: 'outbox/webhooks.ts',
        find: 'where id = ${clientId} and ended_at is null and',
        replace: 'where id = ${clientId} and',
      },
    ],
    noticedBy: ['webhooks', 'nothing any more once it has ended'],
    breaks: true,
  },
  {
    name: 'claims-of-webhooks',
    keeps: 'a webhook is taken up by one worker at a time',
    edits: [
      {
        file: 'outbox/webhooks.ts',
        find: "w.state = 'PENDING'\n    and (w.claimed_until is null or w.claimed_until <= statement_timestamp())`;",
        replace: "w.state = 'PENDING'`;",
      },
    ],
    noticedBy: ['webhook-races', 'of sixteen that take webhooks up at once, each has others'],
  },
  {
    name: 'late-answers-of-webhooks',
    keeps: 'whoever lost a webhook to another worker writes nothing about it',
    edits: [
      { file: 'outbox/webhooks.ts', find: 'w.id = t.id and w.attempts = t.attempts and', replace: 'w.id = t.id and' },
    ],
    noticedBy: ['webhook-races', 'of sixteen that take webhooks up at once, each has others'],
  },
  {
    name: 'webhooks-left-behind',
    keeps: 'a webhook whose wake-up was lost goes out',
    edits: [{ file: 'outbox/sweeper.ts', find: "else queue.wake(channel, id, 'again');", replace: 'else void id;' }],
    noticedBy: ['webhooks', 'whose wake-up was lost is swept up'],
    breaks: true,
  },
  {
    name: 'webhooks-of-older-versions',
    keeps: 'events that a version without webhooks numbered have theirs',
    edits: [
      { file: 'events/events.ts', find: ' or before.webhook_head < before.head', replace: '' },
      {
        file: 'events/events.ts',
        find: 'union all\n            select e.id, e.client_id from event e, moved where e.number',
        replace: 'union all\n            select e.id, e.client_id from event e, moved where false and e.number',
      },
    ],
    noticedBy: [
      'webhooks',
      'webhooks of events that an older version numbered, side by side with this one, are written too',
    ],
    breaks: true,
  },
  {
    name: 'fresh-signatures',
    keeps: 'each try of a webhook is signed anew, at its own time',
    edits: [
      {
        file: 'webhooks/webhook-tries.ts',
        find: 'event.id, webhook.claimedAt, body',
        replace: 'event.id, event.occurredAt, body',
      },
    ],
    noticedBy: [
      'webhooks',
      'that is refused is tried again after growing pauses, as the same event with a fresh signature',
    ],
  },
  {
    name: 'rest-of-an-address',
    keeps: 'an address that asks to be left alone is left alone',
    edits: [{ file: 'outbox/lane.ts', find: 'if (restMs > 0) return this.sleep(restMs);', replace: 'void restMs;' }],
    noticedBy: ['webhooks', 'that says 429 and Retry-After: %s is left alone for so long, within bounds'],
  },
  {
    name: 'width-of-a-failing-address',
    keeps: 'an address that fails is not tried by many at once',
    edits: [{ file: 'outbox/lane.ts', find: 'this.isFailing ? 1 : this.tools.width', replace: 'this.tools.width' }],
    noticedBy: ['webhooks', 'that fails is tried by one at a time'],
  },
  {
    name: 'addresses-of-webhooks-at-the-start',
    keeps: 'a client is not added with an address that nothing would be sent to',
    edits: [
      {
        file: 'admin/client-commands.ts',
        find: 'for (const url of webhooks) requireAllowed(url, webhookAllow);',
        replace: 'void [requireAllowed, webhookAllow];',
      },
    ],
    noticedBy: ['admin-clients', '%j is refused, and nothing is made'],
  },
  {
    name: 'private-addresses',
    keeps: 'what others chose leads to no address that is not public',
    edits: [{ file: 'outbound/destinations.ts', find: "if (parsed.range() !== 'unicast') return false;", replace: '' }],
    noticedBy: ['destinations', '%s, %s'],
  },
  {
    name: 'addresses-beyond-global-unicast',
    keeps: 'an IPv6 address that is not given out is not public',
    edits: [
      {
        file: 'outbound/destinations.ts',
        find: "parsed.kind() === 'ipv4' || parsed.match(globalIpv6)",
        replace: "parsed.kind() === 'ipv4' || parsed.match(globalIpv6) || true",
      },
    ],
    noticedBy: ['destinations', '%s, %s'],
  },
  {
    name: 'users-in-addresses',
    keeps: 'a URL with a user is refused',
    edits: [
      {
        file: 'outbound/destinations.ts',
        find: "  if (url.username || url.password) return 'names a user';\n",
        replace: '',
      },
    ],
    noticedBy: ['destinations', 'a user in the URL is refused there too'],
  },
  {
    name: 'every-address-judged',
    keeps: 'a host is refused for any of its addresses',
    edits: [{ file: 'outbound/outbound.ts', find: 'found.every((address)', replace: 'found.some((address)' }],
    noticedBy: ['outbound', 'to a host one of whose addresses is allowed, and another is not'],
  },
  {
    name: 'judged-address-connected',
    keeps: 'the address that was judged is the one that is connected to',
    edits: [
      {
        file: 'outbound/outbound.ts',
        find: 'const addresses = await beforeEnd(this.addressesOf(url), deadline);',
        replace: `await beforeEnd(this.addressesOf(url), deadline);
    const addresses = (await this.lookUp(url)).map((address) => ({ address, family: isIP(address) }));`,
      },
    ],
    noticedBy: [
      'outbound',
      'the address that was judged is the one that is connected to, whatever the host resolves to a moment later',
    ],
  },
  {
    name: 'length-of-answers',
    keeps: 'an answer is read for 4 KiB at most',
    edits: [
      { file: 'outbound/outbound.ts', find: 'if (bytes > ANSWER_BYTES) response.destroy();', replace: 'void bytes;' },
    ],
    noticedBy: ['outbound', 'is read for 4 KiB at most, and ends there'],
  },
  {
    name: 'time-of-answers',
    keeps: 'an answer is waited for no longer than was said',
    edits: [{ file: 'outbound/outbound.ts', find: '        signal: deadline,\n', replace: '' }],
    noticedBy: ['outbound', 'is waited for no longer than was said'],
    breaks: true,
  },
];
