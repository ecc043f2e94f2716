// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** Around trust: epochs, locks, sessions, devices and their tokens. */
export const trustGuards: readonly Guard[] = [
  {
    name: 'epoch-at-sign-in',
    keeps: 'a password that was compared before the account changed lets nobody in',
    edits: [
      {
        file: 'accounts/accounts.ts',
        find: 'epoch === null ? sql`true` : sql`epoch = ${epoch}`',
        replace: 'epoch === null ? sql`true` : sql`${epoch}::int is not null`',
      },
    ],
    noticedBy: ['epochs', 'a sign-in whose password was compared before a change of it lets nobody in'],
  },
  {
    name: 'epoch-of-a-challenge',
    keeps: 'a challenge of an earlier epoch opens nothing',
    edits: [
      {
        file: 'accounts/accounts.ts',
        find: ' and a.id = c.account_id and a.epoch = c.epoch',
        replace: ' and a.id = c.account_id',
      },
      {
        file: 'challenges/challenge-states.ts',
        find: '\n    and (c.epoch is null or exists (select 1 from account a where a.id = c.account_id and a.epoch = c.epoch))',
        replace: '',
      },
      {
        file: 'sign-in/code-sign-ins.ts',
        find: 'lockAccount(tx, accountId, epoch ?? null)',
        replace: 'lockAccount(tx, accountId, epoch ? null : null)',
      },
    ],
    noticedBy: ['epochs', 'a code of an earlier epoch opens nothing, although its challenge is still pending'],
  },
  {
    name: 'epoch-of-a-mail',
    keeps: 'no code of an earlier epoch is mailed',
    edits: [
      { file: 'challenges/challenge-states.ts', find: ' and (c.epoch is null or a.epoch = c.epoch)', replace: '' },
    ],
    noticedBy: ['epochs', 'a code of an earlier epoch is not mailed'],
  },
  {
    name: 'epoch-raised',
    keeps: 'whatever ends trust raises the epoch',
    edits: [{ file: 'accounts/accounts.ts', find: 'sql`epoch = epoch + 1`', replace: 'sql`epoch = epoch`' }],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'epoch-raised-by-a-change',
    keeps: 'a change of the password ends the sign-ins that wait',
    edits: [
      {
        file: 'security/password-changes.ts',
        find: 'await shutDoor(tx, account.id);',
        replace: '',
      },
    ],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'socket-of-a-new-token',
    keeps: 'a socket that was opened with a token which was replaced is closed',
    edits: [
      {
        file: 'wire/sockets.ts',
        find: "if (standing === 'RENEWED') connection.reopen();",
        replace: '',
      },
    ],
    noticedBy: [
      'copied-sessions',
      'is told nothing more once the owner has changed the password, and told to come back (others signed out: %s)',
    ],
  },
  {
    name: 'rename-behind-the-lock',
    keeps: 'a device that was removed renames none after that',
    edits: [
      {
        file: 'sessions/devices.resolver.ts',
        find: 'await lockOwner(tx, this.sessions, session);\n      return this.devices.rename(',
        replace: 'return this.devices.rename(',
      },
    ],
    noticedBy: ['copied-sessions', 'writes nothing that was begun before the owner removed the device, and ends after'],
  },
  {
    name: 'reaction-answered-afterwards',
    keeps: 'a prompt that ended while its acknowledgement waited is not answered as pending, with its code',
    edits: [
      {
        file: 'prompts/prompts.ts',
        find: 'const afterwards = await this.find(db, session, kind, prompt.row.id);',
        replace: 'const afterwards = prompt;',
      },
    ],
    noticedBy: [
      'epochs',
      'an acknowledgement whose challenge was denied while it waited for the account is answered with that',
    ],
  },
  {
    name: 'acknowledgement-behind-the-lock',
    keeps: 'a session that is over acknowledges nothing',
    edits: [
      {
        file: 'prompts/prompts.ts',
        find: 'await this.lockTrusted(tx, session);\n      if (!(await receivesCodes',
        replace: 'if (!(await receivesCodes',
      },
    ],
    noticedBy: ['copied-sessions', 'writes nothing when its session has ended before its turn came'],
  },
  {
    name: 'session-that-was-signed-in-over',
    keeps: 'a browser whose session is replaced by a new one leaves none behind',
    edits: [
      {
        file: 'sign-in/sign-in.resolver.ts',
        find: 'if (session) await this.signOuts.signOut(session, client.ipAddress);',
        replace: 'void [session, client, this.signOuts];',
      },
    ],
    noticedBy: ['cookies', 'a session is over once somebody signs in over it, on the same account or on another'],
  },
  {
    name: 'epoch-raised-by-a-reset',
    keeps: 'a reset of the password ends the sign-ins that wait',
    edits: [{ file: 'security/password-resets.ts', find: 'await shutDoor(tx, account.id);', replace: '' }],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'epoch-raised-by-two-step-on',
    keeps: 'turning two-step verification on ends what was begun without it',
    edits: [{ file: 'challenges/two-step-switch.ts', find: 'await shutDoor(tx, accountId);', replace: '' }],
    noticedBy: ['epochs', 'turning two-step verification on raises the epoch and ends the set-ups that wait'],
  },
  {
    name: 'epoch-raised-by-two-step-off',
    keeps: 'turning two-step verification off ends the sign-ins that wait',
    edits: [{ file: 'challenges/two-step-switch.ts', find: 'await shutDoor(tx, account.id);', replace: '' }],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'epoch-raised-by-a-removal',
    keeps: 'removing a device ends the sign-ins that wait',
    edits: [
      {
        file: 'security/device-removals.ts',
        find: 'const account = await shutDoor(tx, locked.id);',
        replace: 'const account = locked;',
      },
    ],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'epoch-raised-by-a-copy',
    keeps: 'a copied token ends the sign-ins that wait',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: 'const raised = await shutDoor(tx, account.id);',
        replace: 'const raised = account;',
      },
    ],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'epoch-raised-by-a-newcomer',
    keeps: 'a device that has to make room ends what was begun under its trust',
    edits: [{ file: 'sign-in/admissions.ts', find: 'return shutDoor(tx, account.id);', replace: 'return account;' }],
    noticedBy: ['epochs', '%s raises the epoch and ends the sign-ins and the actions that wait'],
  },
  {
    name: 'account-locked',
    keeps: 'what relies on an account is done behind its lock',
    edits: [
      { file: 'accounts/accounts.ts', find: ' and ${unchanged} for no key update`', replace: ' and ${unchanged}`' },
    ],
    noticedBy: ['sign-in', 'a sign-in whose password was compared before is not let in by it'],
  },
  {
    name: 'reason-no-second-step',
    keeps: 'no session opens without a second step where there is one, whatever its reason says',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'return sql`a.two_step_enabled_at is null`;',
        replace: 'return sql`true`;',
      },
    ],
    noticedBy: ['session-reasons', 'no second step opens nothing where there is one'],
  },
  {
    name: 'reason-trusted-device',
    keeps: 'no session opens on a device that is not trusted, whatever its reason says',
    edits: [
      { file: 'sessions/sessions.ts', find: "return isTrusted(this.limits, 'd');", replace: 'return sql`true`;' },
    ],
    noticedBy: ['session-reasons', 'a trusted device opens nothing once it is trusted no more'],
  },
  {
    name: 'reason-verified-challenge',
    keeps: 'no session opens by a challenge that was not verified',
    edits: [{ file: 'sessions/sessions.ts', find: "and c.state = 'VERIFIED'\n", replace: '\n' }],
    noticedBy: ['session-reasons', 'a challenge opens nothing %s'],
  },
  {
    name: 'reason-challenge-of-the-account',
    keeps: 'no session opens by the challenge of another account',
    edits: [{ file: 'sessions/sessions.ts', find: ' and coalesce(c.account_id, a.id) = a.id', replace: '' }],
    noticedBy: ['session-reasons', 'a challenge opens nothing %s'],
  },
  {
    name: 'reason-purpose',
    keeps: 'no session opens by a challenge of another purpose',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: "\n          and (c.purpose in ('SIGN_IN', 'SIGN_UP') or c.purpose = 'ENABLE_TWO_STEP' and c.client_id is not null)",
        replace: '',
      },
    ],
    noticedBy: ['session-reasons', 'a challenge opens nothing %s'],
  },
  {
    name: 'session-epoch',
    keeps: 'no session opens under another epoch than the one relied on',
    edits: [{ file: 'sessions/sessions.ts', find: ' and a.epoch = ${opening.epoch}', replace: '' }],
    noticedBy: ['session-reasons', 'nothing opens under another epoch than the one that was relied on'],
  },
  {
    name: 'session-on-a-removed-device',
    keeps: 'no session opens on a device that was removed',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'and d.id = ${opening.deviceId} and d.removed_at is null',
        replace: 'and d.id = ${opening.deviceId}',
      },
    ],
    noticedBy: ['session-reasons', 'nothing opens on a device that was removed'],
  },
  {
    name: 'second-step-asked',
    keeps: 'a device that is not trusted is asked for a code',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: "return presented.isTrusted ? 'TRUSTED_DEVICE' : null;",
        replace: "return 'TRUSTED_DEVICE';",
      },
      { file: 'sessions/sessions.ts', find: "return isTrusted(this.limits, 'd');", replace: 'return sql`true`;' },
    ],
    noticedBy: ['sign-in', 'without trustDevice the code is asked for again, from the same device'],
  },
  {
    name: 'live-token-asked',
    keeps: 'a retired token does not skip the second step',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: "if (presented?.standing !== 'LIVE') return null;",
        replace: 'if (!presented) return null;',
      },
    ],
    noticedBy: ['device-tokens', 'meets a challenge and raises no alarm within 60 seconds'],
  },
  {
    name: 'token-of-the-account',
    keeps: 'a device token is good for its own account alone',
    edits: [
      {
        file: 'devices/device-tokens.ts',
        find: 'where t.hash = ${hash} and d.account_id = ${accountId} and d.removed_at is null',
        replace: 'where t.hash = ${hash} and ${accountId}::uuid is not null and d.removed_at is null',
      },
    ],
    noticedBy: ['device-tokens', 'of another account names no device'],
  },
  {
    name: 'token-of-a-removed-device',
    keeps: 'the token of a removed device names nothing',
    edits: [
      {
        file: 'devices/device-tokens.ts',
        find: 'where t.hash = ${hash} and d.account_id = ${accountId} and d.removed_at is null',
        replace: 'where t.hash = ${hash} and d.account_id = ${accountId}',
      },
    ],
    noticedBy: ['device-tokens', 'of a device that was removed names no device'],
  },
  {
    name: 'token-of-a-known-device',
    keeps: 'only a live token of the account is counted as a known device',
    edits: [
      {
        file: 'devices/device-tokens.ts',
        find: ' and t.retired_at is null and d.removed_at is null and a.email = ${email}',
        replace: ' and ${email}::text is not null',
      },
    ],
    noticedBy: ['hashes', 'neither a retired token nor that of another account counts as a known device'],
  },
  {
    name: 'copied-token-alarm',
    keeps: 'a copied token ends trust and sessions of its device',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: "presented?.standing === 'COPIED' ? await",
        replace: '!presented && tx === null ? await',
      },
      {
        file: 'sign-in/second-steps.ts',
        find: 'this.raiseAlarm(tx, account, presented, client)',
        replace: 'this.raiseAlarm(tx, account, presented as never, client)',
      },
    ],
    noticedBy: ['device-tokens', 'ends trust, sessions and pending sign-ins after 60 seconds, and the owner is told'],
  },
  {
    name: 'copied-token-grace',
    keeps: 'a token that was retired a moment ago raises no alarm',
    edits: [
      {
        file: 'devices/device-tokens.ts',
        find: 'when t.retired_at > clock_timestamp() - make_interval(secs => ${COPY_AFTER_SECONDS})',
        replace: 'when t.retired_at > clock_timestamp() + make_interval(secs => ${COPY_AFTER_SECONDS})',
      },
    ],
    noticedBy: ['device-tokens', 'meets a challenge and raises no alarm within 60 seconds'],
  },
  {
    name: 'copied-token-once',
    keeps: 'a copied token raises the alarm once',
    edits: [{ file: 'sign-in/second-steps.ts', find: 'forgetTokens(tx, token.deviceId);', replace: '' }],
    noticedBy: ['device-tokens', 'raises the alarm once'],
  },
  {
    name: 'sibling-tokens',
    keeps: 'the siblings of a token that was used are retired',
    edits: [
      {
        file: 'devices/device-tokens.ts',
        find: '(hash = first.parent or parent_hash = first.parent)',
        replace: 'hash = first.parent',
      },
    ],
    noticedBy: ['device-tokens', 'is retired, with the one it came from, once its sibling was used'],
  },
  {
    name: 'parent-token',
    keeps: 'the token that a used one came from is retired',
    edits: [
      {
        file: 'devices/device-tokens.ts',
        find: '(hash = first.parent or parent_hash = first.parent)',
        replace: 'parent_hash = first.parent',
      },
    ],
    noticedBy: ['device-tokens', 'is retired, with the one it came from, once its sibling was used'],
  },
  {
    name: 'sessions-per-device',
    keeps: 'a device has SESSIONS_PER_DEVICE live sessions',
    edits: [{ file: 'sessions/session-room.ts', find: 'where not fits or place', replace: 'where place' }],
    noticedBy: [
      'session-limits',
      'of a device are SESSIONS_PER_DEVICE: for one more the one unused longest ends, and its socket closes',
    ],
  },
  {
    name: 'sessions-per-account',
    keeps: 'an account has SESSIONS_PER_ACCOUNT live sessions',
    edits: [
      {
        file: 'sessions/session-room.ts',
        find: ' or place >= ${perAccount}',
        replace: ' or place < 0 * ${perAccount}::int',
      },
    ],
    noticedBy: ['session-limits', 'of an account are SESSIONS_PER_ACCOUNT: for one more the one unused longest ends'],
  },
  {
    name: 'sessions-ended-at-once',
    keeps: 'no statement that ends sessions has more of them than it has time for',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'limit ${ENDED_AT_ONCE}) latest',
        replace: 'limit 1000 * ${ENDED_AT_ONCE}::int) latest',
      },
    ],
    noticedBy: ['session-limits', 'of an account works with any number: a statement takes 10,000 of them at most'],
  },
  {
    name: 'session-idle',
    keeps: 'a session that was not used for SESSION_IDLE_DAYS is over',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: 'and coalesce(${s}.last_used_at, ${s}.created_at) > clock_timestamp() - make_interval(days => ${constant(limits.SESSION_IDLE_DAYS)})',
        replace:
          'and coalesce(${s}.last_used_at, ${s}.created_at) > clock_timestamp() - make_interval(days => 1000 + ${constant(limits.SESSION_IDLE_DAYS)})',
      },
    ],
    noticedBy: ['limits-of-time', 'a session that was not used for SESSION_IDLE_DAYS is over, and not before'],
  },
  {
    name: 'session-max',
    keeps: 'a session that was opened SESSION_MAX_DAYS ago is over',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: 'and (${s}.created_at > clock_timestamp() - make_interval(days => ${constant(limits.SESSION_MAX_DAYS)})',
        replace:
          'and (${s}.created_at > clock_timestamp() - make_interval(days => 1000 + ${constant(limits.SESSION_MAX_DAYS)})',
      },
    ],
    noticedBy: ['limits-of-time', 'a session that was opened SESSION_MAX_DAYS ago is over, and not before'],
  },
  {
    name: 'trusted-session-trust',
    keeps: 'when trust ends, the ordinary numbers of a session count again',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: "and ${isTrusted(limits, 'trusted')}\n",
        replace: '\n',
      },
    ],
    noticedBy: ['trusted-sessions', 'is over as soon as its trust ends'],
  },
  {
    name: 'trusted-session-revival',
    keeps: 'a session that was over when trust began is not held by it',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: '> trusted.trusted_at - make_interval(days => ${constant(limits.SESSION_IDLE_DAYS)})',
        replace: '> trusted.trusted_at - make_interval(days => 1000 + ${constant(limits.SESSION_IDLE_DAYS)})',
      },
    ],
    noticedBy: ['trusted-sessions', 'does not come back to life with the next trust'],
  },
  {
    name: 'session-unused',
    keeps: 'a session that a code opened and nobody used is over after UNUSED_SESSION_SECONDS, and its device with it',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: 'or ${s}.created_at > clock_timestamp() - make_interval(secs => ${constant(limits.UNUSED_SESSION_SECONDS)})',
        replace:
          'or ${s}.created_at > clock_timestamp() - make_interval(secs => 100000 + ${constant(limits.UNUSED_SESSION_SECONDS)})',
      },
    ],
    noticedBy: [
      'limits-of-time',
      'a session that a code opened and nobody used is over after UNUSED_SESSION_SECONDS, and its device with it',
    ],
  },
  {
    name: 'endings-one-way',
    keeps: 'nobody who may write the column begins again what has ended',
    edits: [
      {
        file: '../migrations/Migration20261130030100.ts',
        find: "'old.removed_at is not null and new.removed_at is null'",
        replace: "'false'",
      },
    ],
    noticedBy: ['worker-role', 'begins nothing again that is over: update %s set %s'],
  },
  {
    name: 'closed-challenges-one-way',
    keeps: 'a challenge that is over stays so',
    edits: [
      {
        file: '../migrations/Migration20261130030100.ts',
        find: "`old.state <> 'PENDING' and new.state <> old.state`",
        replace: "'false'",
      },
    ],
    noticedBy: ['one-way', 'update %s set %s'],
  },
  {
    name: 'device-in-use',
    keeps: 'a device that signed in again outlasts the session that it was made with',
    edits: [
      {
        file: 'wiring/retention.ts',
        find: '            and not exists (select 1 from session s where s.device_id = d.id and not s.made_device)\n',
        replace: '',
      },
    ],
    noticedBy: ['limits-of-time', 'it has signed in again by its token: that session and the trust stay'],
  },
  {
    name: 'device-that-waits',
    keeps: 'a device that waits for a code outlasts the session that it was made with',
    edits: [
      {
        file: 'wiring/retention.ts',
        find: 'select 1 from challenge c where c.account_id = d.account_id and c.device_id = d.id',
        replace: 'select 1 from challenge c where c.account_id = d.account_id and c.device_id = d.id and false',
      },
    ],
    noticedBy: ['limits-of-time', 'it waits for a code again'],
  },
  {
    name: 'device-locked-by-sign-in',
    keeps: 'a session is opened on no device that is being removed',
    edits: [{ file: 'sessions/sessions.ts', find: '\n             for no key update of d', replace: '' }],
    noticedBy: [
      'limits-of-time',
      'nothing of that is so: then it goes, and a sign-in that comes at that moment is that of a new device',
    ],
    breaks: true,
  },
  {
    name: 'notices-still-tried',
    keeps: 'a notice is kept while it is being tried',
    edits: [
      {
        file: 'wiring/retention.ts',
        find: "oldest('delivery', 'changed_at', { days: ENDED_DAYS })",
        replace: "oldest('delivery', 'created_at', { days: ENDED_DAYS })",
      },
    ],
    noticedBy: ['limits-of-time', 'a notice that is still being tried is kept, however old it is'],
  },
  {
    name: 'session-ended',
    keeps: 'a session that was ended opens nothing',
    edits: [{ file: 'sessions/session-rules.ts', find: '(${s}.ended_at is null\n', replace: '(true\n' }],
    noticedBy: ['sign-in', 'ends this session, and the device stays trusted'],
  },
  {
    name: 'removed-device-authenticates-nothing',
    keeps: 'a session of a removed device is none, whatever its own row says',
    edits: [
      {
        file: 'sessions/session-rules.ts',
        find: 'return unindexed(sql`d.removed_at is null and ',
        replace: 'return unindexed(sql`',
      },
    ],
    noticedBy: ['session-reasons', 'a session of a removed device is none, whatever its own row says'],
  },
  {
    name: 'removal-ends-sessions',
    keeps: 'removing a device ends its sessions',
    edits: [
      {
        file: 'security/device-removals.ts',
        find: 'await this.sessions.endOfDevice(tx, removed.id)',
        replace: '2',
      },
      { file: 'security/device-removals.ts', find: 'this.devices.remove(tx, removed.id);', replace: '' },
    ],
    noticedBy: ['devices', 'has ended its trust and its sessions on every server when it answers'],
  },
  {
    name: 'trust-idle',
    keeps: 'a trusted device that was not used for TRUST_IDLE_DAYS is asked again',
    edits: [
      {
        file: 'devices/trust.ts',
        find: '${d}.last_seen_at > clock_timestamp() - make_interval(days => ${constant(limits.TRUST_IDLE_DAYS)})',
        replace:
          '${d}.last_seen_at > clock_timestamp() - make_interval(days => 10000 + ${constant(limits.TRUST_IDLE_DAYS)})',
      },
    ],
    noticedBy: ['devices', 'of a device whose %s is %s ago makes a sign-in end in %s'],
  },
  {
    name: 'trust-max',
    keeps: 'a device that was trusted TRUST_MAX_DAYS ago is asked again',
    edits: [
      {
        file: 'devices/trust.ts',
        find: '${d}.trusted_at > clock_timestamp() - make_interval(days => ${constant(limits.TRUST_MAX_DAYS)})',
        replace:
          '${d}.trusted_at > clock_timestamp() - make_interval(days => 10000 + ${constant(limits.TRUST_MAX_DAYS)})',
      },
    ],
    noticedBy: ['devices', 'of a device whose %s is %s ago makes a sign-in end in %s'],
  },
  {
    name: 'lapsed-trust-stays-lapsed',
    keeps: 'trust that lapsed does not come back because the device is seen',
    edits: [
      {
        file: 'devices/devices.ts',
        find: "\n            trusted_at = case when ${isTrusted(limits, 'd')} then trusted_at end",
        replace: ' trusted_at = trusted_at',
      },
    ],
    noticedBy: ['devices', 'does not come back because a device whose trust has lapsed is seen'],
  },
  {
    name: 'trusted-devices-bound',
    keeps: 'an account has TRUSTED_DEVICES trusted devices',
    edits: [
      {
        file: 'sign-in/admissions.ts',
        find: 'trustsDevice ? this.devices.tooManyTrusted(tx, accountId, deviceId) : []',
        replace: "[] as Awaited<ReturnType<Devices['tooManyTrusted']>>",
      },
    ],
    noticedBy: ['devices', 'in one more device than TRUSTED_DEVICES takes the place of the one unused longest'],
  },
  {
    name: 'devices-bound',
    keeps: 'an account has DEVICES devices',
    edits: [
      {
        file: 'sign-in/admissions.ts',
        find: 'deviceId === null ? this.devices.tooMany(tx, accountId) : []',
        replace: "[] as Awaited<ReturnType<Devices['tooMany']>>",
      },
    ],
    noticedBy: ['devices', 'outlasts the room that a device more than DEVICES needs: an untrusted one goes first'],
  },
  {
    name: 'change-needs-the-password',
    keeps: 'a change of the password, and turning two-step verification off, take the current one',
    edits: [
      {
        file: 'passwords/owner-passwords.ts',
        find: 'if (!isRight) return new WrongPassword(attempt.retry);',
        replace: '',
      },
    ],
    noticedBy: ['passwords', 'takes the current password, and changes nothing without it'],
  },
  {
    name: 'change-of-the-compared',
    keeps: 'a password that was changed meanwhile does not prove a change',
    edits: [
      {
        file: 'security/password-changes.ts',
        find: 'if (account.passwordHash !== proven.passwordHash) throw new Overloaded();',
        replace: '',
      },
    ],
    noticedBy: ['epochs', 'two changes of the password from the same one at once: one of them is made'],
  },
  {
    name: 'change-ends-sessions',
    keeps: 'a change of the password ends the other sessions',
    edits: [
      {
        file: 'security/password-changes.ts',
        find: 'signOutOtherDevices ? await this.sessions.endOthers(tx, account.id, session.id) : null',
        replace: '{ count: 1 }',
      },
    ],
    noticedBy: ['passwords', 'ends every other session and every other trust'],
  },
  {
    name: 'change-ends-trust',
    keeps: 'a change of the password ends the trust of the other devices',
    edits: [
      {
        file: 'security/password-changes.ts',
        find: 'if (signOutOtherDevices) this.devices.forgetTrust(tx, account.id, session.deviceId);',
        replace: '',
      },
    ],
    noticedBy: ['passwords', 'ends every other session and every other trust'],
  },
  {
    name: 'change-renews-the-token',
    keeps: 'a change of the password gives its session a new token',
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: "update session set token_hash = ${tokenHash('ses', token)} where id = ${sessionId}",
        replace: "select ${tokenHash('ses', token)}::bytea where ${sessionId}::uuid is null",
      },
    ],
    noticedBy: ['passwords', 'gives the session a new token, and the one before opens nothing'],
    breaks: true,
  },
  {
    name: 'owner-still-signed-in',
    keeps: 'a session that ended while its request waited changes nothing',
    edits: [
      {
        file: 'sessions/owner.ts',
        find: "if (!account || !device || standing === 'OVER' || standing === 'RENEWED')",
        replace: 'if (!account || !device)',
      },
    ],
    noticedBy: ['epochs', 'a session that was signed out while its request waited for the account changes nothing'],
  },
  {
    name: 'reset-ends-trust',
    keeps: 'a reset ends the trust of every device',
    edits: [
      {
        file: 'devices/devices.ts',
        find: ', trusted_at = case when d.id = ${keptDeviceId}::uuid then d.trusted_at end',
        replace: '',
      },
    ],
    noticedBy: ['password-resets', 'leaves the second step standing, also for a device that was trusted'],
  },
  {
    name: 'reset-ends-sessions',
    keeps: 'a reset ends every session',
    edits: [
      {
        file: 'security/password-resets.ts',
        find: 'const ended = await this.sessions.endOthers(tx, account.id, null);',
        replace: 'const ended = { count: [this.sessions].length };',
      },
    ],
    noticedBy: ['password-resets', 'ends every session, every trust, and the sign-ins that wait'],
  },
  {
    name: 'reset-withdraws-other-codes',
    keeps: 'when one reset is done the codes of the others are wrong',
    edits: [{ file: 'security/password-resets.ts', find: 'withdrawResetCodes(tx, account.id);', replace: '' }],
    noticedBy: ['password-resets', 'is done once: the codes of other resets are wrong by it, and nobody sees that'],
  },
  {
    name: 'reset-hold',
    keeps: 'after a reset mail alone is not enough',
    edits: [
      {
        file: 'challenges/account-limits.ts',
        find: "isMailHeld: found.isMailHeld && ways !== 'EMAIL',",
        replace: "isMailHeld: found.isMailHeld && ways === 'EMAIL',",
      },
    ],
    noticedBy: ['password-resets', 'codes go by mail only to the devices that were trusted at that moment'],
  },
  {
    name: 'reset-hold-for-trusted-alone',
    keeps: 'after a reset only devices that were trusted are mailed codes',
    edits: [
      {
        file: 'challenges/account-limits.ts',
        find: 'd.account_id = a.id and d.trusted_at_reset))`',
        replace: 'd.account_id = a.id))`',
      },
    ],
    noticedBy: ['password-resets', 'codes go by mail only to the devices that were trusted at that moment'],
  },
  {
    name: 'reset-hold-asked-at-each-send',
    keeps: 'mail that is held is not sent by asking for it',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: "row.mailHeld ? [] : ['EMAIL']",
        replace: "['EMAIL']",
      },
    ],
    noticedBy: ['password-resets', 'codes go by mail only to the devices that were trusted at that moment'],
  },
  {
    name: 'sign-up-takes-a-free-address',
    keeps: 'a sign-up opens no account that exists',
    edits: [
      {
        file: 'accounts/accounts.ts',
        find: '${locale})\n        on conflict do nothing returning ${columns(AccountRow)}`,\n  );\n}\n\n/**\n * Raises',
        replace:
          '${locale})\n        on conflict (email) do update set password_hash = excluded.password_hash returning ${columns(AccountRow)}`,\n  );\n}\n\n/**\n * Raises',
      },
    ],
    noticedBy: ['sign-up', 'two challenges for one address open one account: the second code comes too late'],
  },
  {
    name: 'two-step-ends-sessions',
    keeps: 'turning two-step verification on ends every other session',
    edits: [
      {
        file: 'challenges/two-step-switch.ts',
        find: 'await this.sessions.endOthers(tx, accountId, keptSessionId);',
        replace: "keptSessionId === '' ? await this.sessions.endOthers(tx, accountId, null) : { count: 1 };",
      },
    ],
    noticedBy: ['sign-in', 'it trusts this device and ends every other session, whose sockets close with 4401'],
  },
  {
    name: 'devices-of-the-account',
    keeps: "another account's device is not found",
    edits: [
      {
        file: 'devices/devices.ts',
        find: 'sql`d.account_id = ${accountId} and d.id = any(${deviceIds})`',
        replace: 'sql`d.account_id <> ${accountId} or d.id = any(${deviceIds})`',
      },
      {
        file: 'devices/devices.ts',
        find: 'where id = ${deviceId} and account_id = ${accountId} and removed_at is null',
        replace: 'where id = ${deviceId} and ${accountId}::uuid is not null and removed_at is null',
      },
    ],
    noticedBy: ['devices', "does not find another account's device, nor what is no id"],
  },
  {
    name: 'view-of-the-ended',
    keeps: 'a challenge that is over tells nothing of the account as it is now',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: '{ ...found, ...nothingKnown }',
        replace: '{ ...nothingKnown, ...found }',
      },
      {
        file: 'challenges/challenge-views.ts',
        find: "if (devicesReached > 0) return reached(isShown ? 'NOT_YET_ACKNOWLEDGED' : 'PUSH_ACCEPTED');\n    return {",
        replace: 'if (devicesReached === 0) return {',
      },
    ],
    noticedBy: ['ended-views', 'once it is %s tells nothing of the account as it is now'],
  },
  {
    name: 'send-of-the-ended',
    keeps: 'of a challenge that is over a send tells neither the epoch of the account nor the mails to its address',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: "c.token_hash = ${hash} and ${isOpen('c')}`;",
        replace: "c.token_hash = ${hash} and (true or ${isOpen('c')})`;",
      },
      {
        file: 'challenges/challenge-sends.ts',
        find: 'if (!availableMethods.includes(method))',
        replace: "if (view.state === 'PENDING' && !availableMethods.includes(method))",
      },
    ],
    noticedBy: ['ended-views', 'once it is %s tells nothing of the account as it is now'],
  },
  {
    name: 'end-session-owner',
    keeps: "nobody ends another account's session",
    edits: [
      {
        file: 'sessions/sessions.ts',
        find: 'where id = ${sessionId} and account_id = ${accountId}`',
        replace: 'where id = ${sessionId} and ${accountId}::uuid is not null`',
      },
    ],
    noticedBy: ['sessions', "another account's session is not found, nor is one that never was; both go on"],
  },
  {
    name: 'feed-key',
    keeps: 'nothing is told under a key that has ended',
    edits: [{ file: 'feed/feed-stream.ts', find: "!current?.scopes.includes('events')", replace: '!current' }],
    noticedBy: ['feed', 'ends with its key or its scope, before another event is told'],
  },
  {
    name: 'feed-reach',
    keeps: "a backend is told of its own people's events",
    edits: [
      {
        file: 'feed/feed-log.ts',
        find: " and ${isOf(caller, 'e')}",
        replace: ' and ${caller.clientId}::uuid is not null',
      },
    ],
    noticedBy: ['feed', "tells a client of its subjects, and of no other's; of own accounts where it may see them"],
  },
  {
    name: 'feed-copy',
    keeps: 'a cursor of another copy of the database is lost',
    edits: [
      { file: 'feed/feed-log.ts', find: 'database !== head.database || number > head', replace: 'number > head' },
    ],
    noticedBy: ['feed', 'of another copy of the database is lost'],
  },
  {
    name: 'feed-mark',
    keeps: 'a cursor of a past that did not stay is lost',
    edits: [
      {
        file: 'feed/feed-log.ts',
        find: 'mark !== markOf(event.id)) throw',
        replace: 'mark === markOf(null)) throw',
      },
    ],
    noticedBy: ['feed', 'is lost where it is ahead of the head, and where other events have come to that since'],
  },
  {
    name: 'numbers-behind-the-lock',
    keeps: 'events are numbered by what is true under the lock, not by what was seen before it',
    edits: [
      {
        file: 'events/events.ts',
        find: 'l.head = before.head and l.webhook_head = before.webhook_head\n              and ',
        replace: '',
      },
    ],
    noticedBy: [
      'numbering',
      'events that were given a number between the look and the lock keep it, and are looked for again',
    ],
  },
  {
    name: 'feed-heartbeat',
    keeps: 'a heartbeat says that nothing is kept back',
    edits: [{ file: 'feed/feed-stream.ts', find: '!head.standsStill && place', replace: 'place' }],
    noticedBy: [
      'sequencer',
      'a worker that stands by takes over when nobody gives events their order, and no heartbeat comes before',
    ],
  },
];
