import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../src/config/project.js';

/** The one file that writes each table; null: what the migrations have made writes it. */
const writers: Readonly<Record<string, string | null>> = {
  account: 'accounts/accounts.ts',
  activity: 'activity/activities.ts',
  api_client: 'clients/clients.ts',
  api_client_key: 'clients/clients.ts',
  api_server: 'devices/presence.ts',
  audit: 'audit/audits.ts',
  challenge: 'challenges/challenge-states.ts',
  decoy_secret: null,
  deleted_subject: 'accounts/deleted-subjects.ts',
  delivery: 'outbox/outbox.ts',
  device: 'devices/devices.ts',
  device_token: 'devices/device-tokens.ts',
  display: 'challenges/displays.ts',
  event: 'events/events.ts',
  event_log: 'events/events.ts',
  hand_over: 'hand-overs/hand-over-codes.ts',
  held_change: 'accounts/held-changes.ts',
  key_fingerprint: 'key-rings/key-rings.ts',
  password_attempt: 'passwords/password-attempts.ts',
  password_cost: null,
  password_tally: 'passwords/password-tallies.ts',
  presence: 'devices/presence.ts',
  push: 'outbox/pushes.ts',
  push_subscription: 'devices/push-subscriptions.ts',
  rate_limit: 'rate-limits/rate-limits.ts',
  session: 'sessions/sessions.ts',
  support_report: 'support/support-reports.ts',
  verification: 'verifications/verification-states.ts',
  webhook: 'outbox/webhooks.ts',
};

/** Deletes what is no longer kept, of every table, and ends what nobody ends. */
const RETENTION = 'wiring/retention.ts';

const name = String.raw`(?:only\s+)?(?:"?public"?\.)?"?(\w+|\$\{)`;
const statements = [
  String.raw`\binsert\s+into\s+${name}`,
  String.raw`\bdelete\s+from\s+${name}`,
  String.raw`\bmerge\s+into\s+${name}`,
  String.raw`\btruncate\s+(?:table\s+)?${name}`,
  // Not what follows `for update`, nor prose.
  String.raw`(?<!\bfor\s(?:no\skey\s)?)\bupdate\s+${name}"?\s+(?:(?:as\s+)?(?!set\b)\w+\s+)?(?:set\b|\$\{)`,
  String.raw`\bupdate\s+(\$\{)`,
  // What a library writes for us.
  String.raw`\bstoreType:[^}]*\btableName: '(\w+)'`,
].map((pattern) => new RegExp(pattern, 'gi'));

/** The tables that the statements of a source text write; `${` where that is not said in so many words. */
function writtenBy(source: string): string[] {
  const names = statements.flatMap((pattern) =>
    [...source.matchAll(pattern)].map(([, table = '']) => table.toLowerCase()),
  );
  return [...new Set(names)].sort();
}

const folder = path.join(projectRoot, 'src');
const sources = globSync('**/*.ts', { cwd: folder })
  .filter((file) => !file.startsWith('web/'))
  .map((file) => ({ file, text: readFileSync(path.join(folder, file), 'utf8') }));

test('a table is written by one file', () => {
  const written = sources
    .filter(({ file }) => file !== RETENTION)
    .flatMap(({ file, text }) => writtenBy(text).map((table) => `${table}: ${file}`));
  const told = Object.entries(writers).flatMap(([table, file]) => (file ? [`${table}: ${file}`] : []));
  expect(written.sort()).toEqual(told.sort());
});

test('every table has its writer', () => {
  const { tables } = JSON.parse(readFileSync(path.join(projectRoot, 'migrations/snapshot.json'), 'utf8')) as {
    tables: readonly { name: string }[];
  };
  expect(Object.keys(writers)).toEqual(tables.map((table) => table.name).sort());
});

test('rows are written by statements alone, never by the ORM', () => {
  const orm = /\.(persist|persistAndFlush|flush|removeAndFlush|nativeUpdate|nativeDelete|insertMany|upsert(Many)?)\(/;
  expect(sources.filter(({ text }) => orm.test(text)).map(({ file }) => file)).toEqual([]);
});

describe('a statement is found', () => {
  test.each([
    ['sql`insert into device (id) values (1)`', ['device']],
    ['sql`with gone as (delete from session s where true) select 1`', ['session']],
    ["sql`update challenge set state = 'DENIED'`", ['challenge']],
    ['sql`update account\n        set epoch = 1`', ['account']],
    ['sql`UPDATE ONLY "device" AS d SET name = 1`', ['device']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text.
    ['sql`update account a ${changes}`', ['account']],
    ['sql`merge into device using x on true`', ['device']],
    ['sql`truncate presence`', ['presence']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text.
    ['sql`delete from ${raw(table)}`', ['${']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source text.
    ['sql`update ${raw(table)} set x = 1`', ['${']],
  ])('in %j', (source, tables) => {
    expect(writtenBy(source)).toEqual(tables);
  });

  test.each([
    'sql`select id from account for update`',
    'sql`select id from challenge c for no key update of c`',
    'sql`insert into device (id) values (1) on conflict (id) do update set name = 1`',
    '/** The update of a device is sent at once. */',
  ])('and nothing else in %j', (source) => {
    expect(writtenBy(source).filter((table) => table !== 'device')).toEqual([]);
  });
});
