// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

const tries = 'challenges/challenge-tries.ts';
const states = 'challenges/challenge-states.ts';
const accounts = 'accounts/accounts.ts';

/** Where a try is counted. */
const tryIsOpen = "\n          and ${isOpen('c')}";
/** Where a challenge ends. */
const endIsOpen = "and ${isOpen('c')}\n        returning";

/** Against guessing: tries, pauses, limits, and what a code is good for. */
export const guessingGuards: readonly Guard[] = [
  {
    name: 'tries-bound',
    keeps: 'at most CHALLENGE_TRIES codes of a challenge are compared',
    edits: [
      { file: states, find: `${tryIsOpen} and c.tries < \${constant(limits.CHALLENGE_TRIES)}`, replace: tryIsOpen },
    ],
    noticedBy: ['races', 'that are all wrong are compared five times'],
  },
  {
    name: 'tries-counted',
    keeps: 'each comparison costs a try',
    edits: [{ file: states, find: 'set tries = tries + 1', replace: 'set tries = tries' }],
    noticedBy: ['challenges', 'and is locked by the fifth wrong one, so that the right one opens nothing any more'],
  },
  {
    name: 'try-before-compare',
    keeps: 'a try is spent, and the pause obeyed, before a code is compared',
    edits: [
      {
        file: tries,
        find: 'const spent = await this.spend(tx, attempt);',
        replace: `const view = await this.views.find(tx, attempt.token);
    const isFree = view !== null && answers(attempt.field, view.row) && this.codes.knows(view.row)
      && sameCode(this.codes.of(view.row), typedCode(attempt.code) ?? '');
    const spent = isFree && view ? view.row : await this.spend(tx, attempt);`,
      },
    ],
    noticedBy: ['account-tries', 'while new devices wait, the right code of a challenge from before opens nothing'],
  },
  {
    name: 'try-committed-first',
    keeps: 'a try is committed before its code is compared: nothing refunds it',
    edits: [{ file: tries, find: 'tx.checkpoint(), ', replace: 'null, ' }],
    noticedBy: ['sign-up', 'two challenges for one address open one account: the second code comes too late'],
  },
  {
    name: 'try-state',
    keeps: 'a challenge that is over takes no codes',
    edits: [
      { file: states, find: `${tryIsOpen} and c.tries`, replace: ' and c.expires_at > clock_timestamp() and c.tries' },
    ],
    noticedBy: ['account-tries', 'a challenge that is over compares nothing: no try is spent on it'],
  },
  {
    name: 'try-in-time',
    keeps: 'a challenge whose time is over takes no codes',
    edits: [
      {
        file: states,
        find: `${tryIsOpen} and c.tries`,
        replace: " and c.state = 'PENDING' and c.tries",
      },
    ],
    noticedBy: ['challenges', 'for ten minutes, and not after'],
  },
  {
    name: 'consume-once',
    keeps: 'of several requests with the right code one consumes the challenge',
    edits: [
      {
        file: states,
        find: endIsOpen,
        replace:
          "and c.expires_at > clock_timestamp() and (c.state = 'PENDING' or ${state} = 'VERIFIED')\n        returning",
      },
    ],
    noticedBy: ['races', 'that are right against a denial at the same moment: one of the two has happened'],
    breaks: true,
  },
  {
    name: 'try-clock',
    keeps: 'a code that waited for a lock until its time was over opens nothing',
    edits: [
      {
        file: states,
        find: `${tryIsOpen} and c.tries`,
        replace: " and c.state = 'PENDING' and c.expires_at > now() and c.tries",
      },
      { file: states, find: endIsOpen, replace: "and c.state = 'PENDING'\n        returning" },
    ],
    noticedBy: ['races', 'that waited for the %s until its time was over opens nothing'],
  },
  {
    name: 'purpose',
    keeps: 'a challenge is answered in the fields of its purpose alone',
    edits: [
      { file: tries, find: '!seen || !answers(attempt.field, seen.row)', replace: '!seen' },
      { file: states, find: ' and ${isAnsweredBy(field)}\n', replace: '\n' },
      { file: states, find: ' and ${isAnsweredBy(field)} and c.code_given_at', replace: ' and c.code_given_at' },
    ],
    noticedBy: ['challenges', 'in the fields of its purpose alone, and spends no try elsewhere'],
  },
  {
    name: 'own-session',
    keeps: 'a challenge that a session began is answered by that one alone',
    edits: [
      {
        file: states,
        find: 'case when c.client_id is null then c.session_id = ${sessionId}::uuid',
        replace: 'case when c.client_id is null then ${sessionId}::uuid is not distinct from ${sessionId}::uuid',
      },
    ],
    noticedBy: ['sign-in', 'it takes the code of its own session alone, and spends no try on another'],
  },
  {
    name: 'code-given',
    keeps: 'a code that was given to no channel is never right',
    edits: [
      { file: tries, find: 'if (isRight && spent.codeGivenAt)', replace: 'if (isRight)' },
      { file: states, find: ' and c.code_given_at is not null', replace: '' },
    ],
    noticedBy: ['sign-up', 'past the mails of an hour the answer is the same, and no code is right'],
  },
  {
    name: 'account-failures',
    keeps: 'wrong codes add up over all challenges of an account',
    edits: [{ file: accounts, find: 'set ${failures} = ${failures} + 1,', replace: 'set ${failures} = ${failures},' }],
    noticedBy: [
      'guessing',
      'add up to fifty over thirty challenges that were opened before, pauses waited out, and then only the password helps',
    ],
  },
  {
    name: 'account-pause',
    keeps: 'while new devices wait no code is compared',
    edits: [
      {
        file: accounts,
        find: '\n          and (${pausedUntil} is null or ${pausedUntil} <= clock_timestamp())',
        replace: '',
      },
    ],
    noticedBy: ['account-tries', 'while new devices wait, the right code of a challenge from before opens nothing'],
  },
  {
    name: 'account-stop',
    keeps: 'after ACCOUNT_TRIES_BEFORE_STOP no code is compared until the password changes',
    edits: [
      { file: accounts, find: 'sql`${failures} < ${limits[beforeStop]}`', replace: 'sql`${limits[beforeStop]} > 0`' },
    ],
    noticedBy: ['account-tries', 'past the stop no code is right until the password changes, however long one waits'],
  },
  {
    name: 'pause-doubles',
    keeps: 'the pause doubles with each five failures more',
    edits: [
      {
        file: accounts,
        find: '${pause} * power(2::float8, (${failures} + 1 - ${before}) / ${FAILURES_PER_DOUBLING})',
        replace: '${pause}::float8',
      },
    ],
    noticedBy: ['account-tries', 'the pause doubles with each five failures more, up to a day'],
  },
  {
    name: 'pause-at-the-start',
    keeps: 'while new devices wait no challenge begins',
    edits: [{ file: 'sign-in/second-steps.ts', find: 'if (locked) return locked;', replace: '' }],
    noticedBy: ['denials', 'lets new devices wait, and does not touch trusted ones'],
  },
  {
    name: 'stop-at-the-start',
    keeps: 'after the stop no challenge begins',
    edits: [
      {
        file: 'challenges/account-limits.ts',
        find: ' or ${isStopped} as "isLocked"',
        replace: ' as "isLocked"',
      },
    ],
    noticedBy: ['passwords', 'ends a stop that only a change or a reset ends'],
  },
  {
    name: 'password-forgives-nothing',
    keeps: 'the right password alone does not take failures back',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: "if (retry) return new TemporarilyLocked(retry, purposeRules[purpose].failures ?? 'SIGN_IN');",
        replace: `if (retry) return new TemporarilyLocked(retry, purposeRules[purpose].failures ?? 'SIGN_IN');
    await tx.run((await import('../sql/statement.js')).sql\`update account set code_failures = 0 where id = \${account.id}\`);`,
      },
    ],
    noticedBy: ['guessing', 'are not forgiven for the right password alone, and are for a verified sign-in'],
  },
  {
    name: 'forgive-on-verified',
    keeps: 'a verified sign-in takes the failures back',
    edits: [
      {
        file: 'sign-in/code-sign-ins.ts',
        find: "forgiveCodeFailures(tx, account.id, 'SIGN_IN');",
        replace: '',
      },
    ],
    noticedBy: ['guessing', 'are not forgiven for the right password alone, and are for a verified sign-in'],
  },
  {
    name: 'outsiders-cannot-pause',
    keeps: 'who has no password cannot make an account wait',
    edits: [
      { file: tries, find: ' and c.purpose = any(${constant(purposesOf(count))})`', replace: '`' },
      {
        file: tries,
        find: 'return [...new Set(counts.filter((count) => count !== null))];',
        replace: "return counts && ['SIGN_IN'];",
      },
      {
        file: accounts,
        find: ' and a.id = c.account_id and a.epoch = c.epoch',
        replace: ' and a.id = c.account_id and (c.epoch is null or a.epoch = c.epoch)',
      },
      {
        file: tries,
        find: ' || count !== purposeRules[spent.purpose].failures',
        replace: " || (!count && purposeRules[spent.purpose].failures === 'SIGN_IN')",
      },
    ],
    noticedBy: ['password-resets', 'a wrong code leaves no trace that the account could read: strangers reset at will'],
  },
  {
    name: 'resend-pause',
    keeps: 'a code is sent again after RESEND_SECONDS',
    edits: [
      {
        file: states,
        find: '(${lastSend} is null or ${lastSend} <= clock_timestamp() - make_interval(secs => ${constant(limits.RESEND_SECONDS)}))',
        replace: '${lastSend} is not distinct from ${lastSend}',
      },
    ],
    noticedBy: ['races', 'are sent again once'],
  },
  {
    name: 'sends-bound',
    keeps: 'a challenge is sent CHALLENGE_SENDS times',
    edits: [
      {
        file: states,
        find: 'c.sends < ${constant(limits.CHALLENGE_SENDS)}',
        replace: 'c.sends >= 0',
      },
    ],
    noticedBy: ['challenges', 'five times in all'],
  },
  {
    name: 'mails-per-address',
    keeps: 'one mailbox is sent MAILS_PER_ADDRESS_HOUR codes of sign-ins in an hour',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: 'proven !== null && isUsedUp(proven.mails, this.limits.MAILS_PER_ADDRESS_HOUR)',
        replace: 'proven === null',
      },
    ],
    noticedBy: ['challenges', 'at most ten times an hour to one mailbox, over all challenges of the account'],
  },
  {
    name: 'mails-withheld-told',
    keeps: 'whose code is not mailed is told so',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: "  if (row.isWithheld) return fate('FAILED', 'MAIL_LIMIT_REACHED');\n",
        replace: '',
      },
    ],
    noticedBy: ['challenges', 'at most ten times an hour to one mailbox, over all challenges of the account'],
  },
  {
    name: 'open-mails-locked',
    keeps: 'parallel requests of strangers are counted one after the other',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: 'select pg_advisory_xact_lock(hashtextextended(${challenge.email}, 0))',
        replace: 'select ${challenge.email}::text',
      },
    ],
    noticedBy: ['account-tries', 'sixteen sign-ups at once over two servers send three mails to one address'],
  },
  {
    name: 'challenges-per-account',
    keeps: 'an account begins CHALLENGES_PER_ACCOUNT_HOUR challenges in an hour',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: "if (retry) return new TemporarilyLocked(retry, purposeRules[purpose].failures ?? 'SIGN_IN');",
        replace: '',
      },
    ],
    noticedBy: ['sign-in', 'the thirty-first challenge of an hour waits, and a trusted device does not'],
  },
  {
    name: 'password-delay',
    keeps: 'wrong passwords slow down',
    edits: [
      {
        file: 'passwords/password-attempts.ts',
        find: 'where a.delayed_until is null or a.delayed_until <= clock_timestamp()',
        replace: 'where true',
      },
    ],
    noticedBy: [
      'sign-in',
      'from the sixth wrong password on tries are slowed down, for strangers and not for a known device',
    ],
  },
  {
    name: 'password-counted-first',
    keeps: 'nothing is hashed while an address waits',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: "    if ('refused' in attempt)",
        replace: `    await this.prove(db, credentials, stranger(ipAddress), compared);
    if ('refused' in attempt)`,
      },
    ],
    noticedBy: ['hashes', 'while an address waits nothing is hashed for it'],
  },
  {
    name: 'owner-passwords-counted',
    keeps: 'a stolen session does not guess the password',
    edits: [
      {
        file: 'passwords/owner-passwords.ts',
        find: 'const attempt = await this.attempts.begin(db, session.deviceId);',
        replace: `const begun = await this.attempts.begin(db, session.deviceId);
    const attempt =
      'refused' in begun ? { key: Buffer.alloc(32), deviceId: session.deviceId, failures: 0, retry: null } : begun;`,
      },
      {
        file: 'passwords/owner-passwords.ts',
        find: "if ('refused' in attempt) return new WrongPassword(attempt.refused);",
        replace: '',
      },
    ],
    noticedBy: ['passwords', 'slows down whoever guesses the current password on a device that is signed in'],
  },
  {
    name: 'hash-slots',
    keeps: 'HASHES_AT_ONCE passwords are hashed at the same time',
    edits: [
      {
        file: 'passwords/hash-slots.ts',
        find: 'if (this.running >= this.atOnce) {',
        replace: 'if (this.atOnce < 0) {',
      },
    ],
    noticedBy: ['hashes', 'as many wait for a hash as may, and one more is turned away at once'],
  },
  {
    name: 'hashes-waiting',
    keeps: 'HASHES_WAITING requests wait for a hash, the next is turned away',
    edits: [
      {
        file: 'passwords/hash-slots.ts',
        find: 'if (this.line.length >= this.maxWaiting) this.makeRoom(share);',
        replace: '',
      },
    ],
    noticedBy: ['hashes', 'as many wait for a hash as may, and one more is turned away at once'],
  },
  {
    name: 'hash-slots-of-known-devices',
    keeps: 'strangers cannot fill the slots of known devices',
    edits: [
      {
        file: 'passwords/passwords.ts',
        find: 'const slots = () => new HashSlots(limits.HASHES_AT_ONCE, limits.HASHES_WAITING);',
        replace:
          'const shared = new HashSlots(limits.HASHES_AT_ONCE, limits.HASHES_WAITING);\n    const slots = () => shared;',
      },
    ],
    noticedBy: ['hashes', 'a known device is let in while strangers keep every slot of theirs busy'],
  },
  {
    name: 'hash-turns',
    keeps: 'accounts take turns where passwords wait to be hashed',
    edits: [
      {
        file: 'passwords/hash-slots.ts',
        find: 'turn(this.groups, group, members, members.size);',
        replace: 'if (members.size === 0) this.groups.delete(group);',
      },
    ],
    noticedBy: ['hashes', 'takes turns: however many wait for one account, another waits for one hash'],
  },
  {
    name: 'hash-places',
    keeps: 'where too many wait for a hash, whoever has most there gives way',
    edits: [
      {
        file: 'passwords/hash-slots.ts',
        find: 'const last = this.line.giveWay(share);',
        replace: 'const last = share.group === null ? this.line.giveWay(share) : undefined;',
      },
    ],
    noticedBy: ['hashes', 'of one account keeps no known device of another out'],
  },
  {
    name: 'failures-per-address',
    keeps: 'wrong passwords for one address are counted over all networks',
    edits: [
      {
        file: 'passwords/password-tallies.ts',
        find: 'where ${isOver} or t.count < ${perAddress} or (select is_due from site)',
        replace: 'where ${perAddress}::int > 0',
      },
    ],
    noticedBy: [
      'limits-of-sign-ins',
      'that %s are PASSWORD_FAILURES_PER_ADDRESS_HOUR, and then one a minute from each network',
    ],
  },
  {
    name: 'failures-of-one-site',
    keeps: 'of one /24 or /48 ten wrong passwords count for an address',
    edits: [
      {
        file: 'passwords/password-tallies.ts',
        find: 'count <= ${COUNTED_OF_SITE}',
        replace: 'count > 0 * ${COUNTED_OF_SITE}',
      },
    ],
    noticedBy: ['limits-of-sign-ins', 'count ten times of one /24 or /48'],
  },
  {
    name: 'a-try-from-elsewhere',
    keeps: 'past what an address may have each network has a try a minute',
    edits: [{ file: 'passwords/password-tallies.ts', find: ' or (select is_due from site)', replace: '' }],
    noticedBy: ['limits-of-sign-ins', 'leave the owner a try from elsewhere, and a known device all of them'],
  },
  {
    name: 'sign-ins-per-account',
    keeps: 'right passwords of unknown devices, and tries of a known one, are counted',
    edits: [
      {
        file: 'passwords/password-tallies.ts',
        find: 'where ${isOver} or t.count < ${most} returning 1',
        replace: 'where ${most}::int > 0 returning 1',
      },
    ],
    noticedBy: [
      'limits-of-sign-ins',
      'on devices that it does not know are SIGN_INS_PER_ACCOUNT_HOUR, and a known one has as many of its own',
    ],
  },
  {
    name: 'sign-ins-per-network',
    keeps: 'sign-ins are counted by network, right or wrong',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: "limitOf(this.rateLimits[step]('SIGN_INS_PER_IP_HOUR', ipAddress)),",
        replace: 'null as RateLimited | null,',
      },
    ],
    noticedBy: ['limits-of-sign-ins', 'right or wrong, are SIGN_INS_PER_IP_HOUR, and a known device is not asked'],
  },
  {
    name: 'shares-of-mails',
    keeps: 'strangers of one place leave a reset its mail',
    edits: [{ file: 'rate-limits/shares.ts', find: 'ofSite >= Math.min(2 * mostOfHome, leavingOne) || ', replace: '' }],
    noticedBy: ['used-up-limits', 'leave a reset its mail, whatever they ask for and however often'],
  },
  {
    name: 'withheld-mails-not-counted',
    keeps: 'mails that were withheld use up nothing',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: 'not like ${`${UNPROVEN_ASKER}%`} and not is_withheld',
        replace: 'not like ${`${UNPROVEN_ASKER}%`}',
      },
    ],
    noticedBy: ['used-up-limits', 'leave a reset its mail, whatever they ask for and however often'],
  },
  {
    name: 'shares-of-an-account',
    keeps: 'whoever has the password leaves the owner elsewhere a challenge, a prompt and a mail',
    edits: [
      {
        file: 'rate-limits/shares.ts',
        find: 'return ofHome >= most || ofSite >= 2 * most || ofAll >= 3 * most;',
        replace: 'return ofHome + ofSite < 0 || ofAll >= most;',
      },
    ],
    noticedBy: ['used-up-limits', 'who have the password leave the owner a challenge, a prompt, a mail and a report'],
  },
  {
    name: 'resets-of-known-devices',
    keeps: 'neighbours do not keep a device of the account from a reset',
    edits: [
      {
        file: 'security/reset-requests.ts',
        find: 'deviceId ? { deviceId } : client.ipAddress',
        replace: 'client.ipAddress',
      },
    ],
    noticedBy: [
      'used-up-limits',
      'a device of the account asks for a reset although its neighbours have used up the network',
    ],
  },
  {
    name: 'one-connection-a-query',
    keeps: 'what a query asks for at once holds one connection of the database',
    edits: [
      {
        file: 'wire/contexts.ts',
        find: 'db: new SharedConnection(this.db),',
        replace: 'db: SharedConnection ? this.db : this.db,',
      },
    ],
    noticedBy: ['held-pool', 'queries with as many charts as may be hold one connection each'],
  },
  {
    name: 'decoy-hash',
    keeps: 'an address that nobody has costs the same hash',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: 'const matches = await this',
        replace: 'const matches = row !== null && await this',
      },
    ],
    noticedBy: ['hashes', 'an address that nobody has costs a hash like any other'],
  },
  {
    name: 'rehash-of-the-compared',
    keeps: 'a hash that is made anew does not bring a changed password back',
    edits: [{ file: accounts, find: ' and password_hash = ${account.passwordHash}', replace: '' }],
    noticedBy: ['hashes', 'a hash that is made anew does not bring back a password that was changed meanwhile'],
  },
  {
    name: 'failures-per-network',
    keeps: 'wrong passwords are counted by network, over all addresses',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: 'limitOf(this.rateLimits[step](FAILURES, ipAddress)),',
        replace: 'limitOf(ipAddress ? Promise.resolve() : this.rateLimits[step](FAILURES, ipAddress)),',
      },
    ],
    noticedBy: ['limits-of-networks', 'wrong passwords over all addresses are PASSWORD_FAILURES_PER_IP_HOUR'],
  },
  {
    name: 'challenges-per-network',
    keeps: 'sign-ins of unknown devices are counted by network',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: "this.rateLimits.take('CHALLENGES_PER_IP_HOUR', ipAddress)",
        replace: 'null',
      },
    ],
    noticedBy: ['sign-in', 'sign-ins of unknown devices are counted by their network'],
  },
  {
    name: 'sign-ups-per-network',
    keeps: 'sign-ups are counted by network',
    edits: [
      {
        file: 'sign-in/sign-ups.ts',
        find: "await this.rateLimits.take('OPEN_CHALLENGES_PER_IP_HOUR', client.ipAddress);",
        replace: '',
      },
    ],
    noticedBy: [
      'limits-of-networks',
      'sign-ups and resets are OPEN_CHALLENGES_PER_IP_HOUR together, and %s is one too many',
    ],
  },
  {
    name: 'resets-per-network',
    keeps: 'resets are counted by network',
    edits: [
      {
        file: 'security/reset-requests.ts',
        find: "await this.rateLimits.take('OPEN_CHALLENGES_PER_IP_HOUR', deviceId ? { deviceId } : client.ipAddress);",
        replace: '',
      },
    ],
    noticedBy: [
      'limits-of-networks',
      'sign-ups and resets are OPEN_CHALLENGES_PER_IP_HOUR together, and %s is one too many',
    ],
  },
  {
    name: 'wide-networks',
    keeps: 'a /48 may do ten times what a /64 of it may',
    edits: [{ file: 'rate-limits/rate-limits.ts', find: ', wide && work(counter.wide, wide)', replace: '' }],
    noticedBy: ['limits-of-networks', 'a /64 of IPv6 is one, and a /48 may do ten times what one of them may'],
  },
  {
    name: 'common-passwords',
    keeps: 'a password that is easily guessed is refused',
    edits: [{ file: 'passwords/password-strength.ts', find: 'score >= MIN_SCORE', replace: 'score >= 0' }],
    noticedBy: ['sign-up', 'a password that is %s is refused with what would make it stronger'],
  },
  {
    name: 'blocked-networks-look-first',
    keeps: 'nothing is written for a network that is blocked',
    edits: [
      { file: 'sign-in/sign-ins.ts', find: "await this.refusal('look', client);", replace: 'null as Refusal | null;' },
      { file: 'rate-limits/rate-limits.ts', find: '    await this.look(name, asker);\n', replace: '' },
    ],
    noticedBy: ['limits-of-networks', 'a network that is blocked has nothing written for it'],
  },
  {
    name: 'judgements-per-challenge',
    keeps: 'JUDGEMENTS_PER_CHALLENGE passwords are judged for one reset',
    edits: [
      {
        file: states,
        find: 'and judgements < ${constant(limits.JUDGEMENTS_PER_CHALLENGE)}`',
        replace: 'and judgements < ${constant(limits.JUDGEMENTS_PER_CHALLENGE)} + 1000`',
      },
    ],
    noticedBy: [
      'judgements',
      'are JUDGEMENTS_PER_CHALLENGE for one reset, and then it is locked: of the address of %s',
    ],
  },
  {
    name: 'state-before-judgement',
    keeps: 'nothing is judged for a challenge that is over',
    edits: [
      {
        file: 'security/password-resets.ts',
        find: '    if (closed) return closed;\n',
        replace: '    void closed;\n',
      },
    ],
    noticedBy: ['judgements', 'are not needed for a challenge that is over, whatever it ended by'],
  },
  {
    name: 'busy-judgements-taken-back',
    keeps: 'a busy server uses up no judgement',
    edits: [
      {
        file: 'security/password-resets.ts',
        find: 'if (error instanceof Overloaded) await takeJudgementBack(db, seen.row.id);',
        replace: '',
      },
    ],
    noticedBy: ['judgements', 'that the server was too busy for are not counted'],
  },
  {
    name: 'judgements-of-known-devices',
    keeps: 'strangers do not keep a known device from a new password',
    edits: [
      {
        file: 'passwords/password-strength.ts',
        find: 'this.slots = { STRANGER: slot(), KNOWN_DEVICE: slot() };',
        replace: 'const shared = slot();\n    this.slots = { STRANGER: shared, KNOWN_DEVICE: shared };',
      },
    ],
    noticedBy: [
      'judgements',
      'a device that is known has its new password judged while strangers keep the other thread busy',
    ],
  },
  {
    name: 'look-before-the-try',
    keeps: 'a code for a challenge that is over writes and locks nothing',
    edits: [
      {
        file: tries,
        find: '${takesTry(answerer, this.limits)} and c.purpose = any(${constant(purposesOf(count))})',
        replace: 'c.token_hash = ${answerer.tokenHash} and c.purpose = any(${constant(purposesOf(count))})',
      },
    ],
    noticedBy: ['judgements', '%s, for a challenge that is over'],
  },
  {
    name: 'look-before-the-send',
    keeps: 'a send for a challenge that is over writes and locks nothing',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: "c.token_hash = ${hash} and ${isOpen('c')}`;",
        replace: "c.token_hash = ${hash} and (true or ${isOpen('c')})`;",
      },
    ],
    noticedBy: ['judgements', '%s, for a challenge that is over'],
  },
  {
    name: 'decoy-costs',
    keeps: 'the costs of a decoy are those of the stored hashes, each as often',
    edits: [{ file: 'passwords/compared-hash.ts', find: 'found?.decoyCosts ?? null', replace: 'null' }],
    noticedBy: ['decoys', 'has of all addresses that nobody has each of the costs as often as the accounts have them'],
  },
  {
    name: 'decoy-constant',
    keeps: 'one address has the same costs each time',
    edits: [
      {
        file: 'passwords/compared-hash.ts',
        find: 'sha256(secret ||',
        replace: 'sha256(uuid_send(gen_random_uuid()) || secret ||',
      },
    ],
    noticedBy: ['decoys', 'has always the same costs for one address, from whichever server'],
  },
  {
    name: 'decoy-without-key',
    keeps: 'a reset whose key is gone costs the same, whether or not somebody has the address',
    edits: [
      {
        file: tries,
        find: 'await lockProven(tx, challenge);\n    await cancel',
        replace: 'if (challenge.accountId) await lockAccount(tx, challenge.accountId, null);\n    await cancel',
      },
    ],
    noticedBy: ['equal-work', 'statements to a code whose key is gone'],
  },
  {
    name: 'told-of-left-guesses',
    keeps: 'the owner is told of wrong codes although each challenge is left before its last try',
    edits: [{ file: tries, find: '(isLocked || isOften)', replace: '(isLocked || (isOften && isLocked))' }],
    noticedBy: ['leaving', 'before its last try, again and again, is told of to the owner once new devices wait'],
  },
];
