// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** What is told, mailed, stored and logged. */
export const mailGuards: readonly Guard[] = [
  {
    name: 'no-mail-to-strangers',
    keeps: 'a reset of an address that nobody has mails nothing',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: 'else exists (select 1 from account a where a.id = c.account_id and (c.epoch is null or a.epoch = c.epoch)) end',
        replace: 'else true end',
      },
    ],
    noticedBy: ['password-resets', 'is told by no mail to a stranger: an address that nobody has gets none'],
  },
  {
    name: 'no-code-for-a-taken-address',
    keeps: 'a sign-up with a taken address is mailed no code',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: "c.purpose = 'SIGN_UP' then not exists (select 1 from account a where a.email = c.email)",
        replace: "c.purpose = 'SIGN_UP' then true",
      },
    ],
    noticedBy: ['sign-up', 'a taken address is answered like a free one, and only its mailbox learns that it is taken'],
  },
  {
    name: 'decoy-deliveries',
    keeps: 'a decoy challenge has the rows of a real one',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: 'deliverCode(tx, {',
        replace: "if (challenge.accountId || challenge.purpose === 'SIGN_UP') deliverCode(tx, {",
      },
    ],
    noticedBy: ['password-resets', 'cannot be told by the rows, but for the account'],
  },
  {
    name: 'sends-of-strangers-hidden',
    keeps: 'nothing is told of sends where no password was proven',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: 'isProven(seen.purpose) ? deliveries : []',
        replace: 'deliveries',
      },
    ],
    noticedBy: [
      'enumeration',
      'the script of sends, codes, events and a change of the password is the same for anybody',
    ],
  },
  {
    name: 'app-hidden-from-strangers',
    keeps: 'a reset offers e-mail alone, whether or not the account has trusted devices',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: "where d.account_id = c.account_id and ${isPrompt('c')} and ${isTrusted(limits, 'd')}",
        replace: "where d.account_id = c.account_id and ${isTrusted(limits, 'd')}",
      },
    ],
    noticedBy: [
      'enumeration',
      'the script of sends, codes, events and a change of the password is the same for anybody',
    ],
    breaks: true,
  },
  {
    name: 'mail-limit-looks-the-same',
    keeps: 'past the mails of an hour a stranger is answered the same',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: 'if (isAccountProven && areUsedUp)',
        replace: "if (method === 'EMAIL' && (await this.isMailLimitReached(tx, { ...row, method, ipAddress })))",
      },
    ],
    noticedBy: [
      'limits-of-networks',
      'past the mails of an hour a stranger who has one sent again is answered as ever, and nothing is sent',
    ],
  },
  {
    name: 'wrong-password-after-the-answer',
    keeps: 'a wrong password is answered before it is written down',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: 'if (id) afterAnswer(() => this.noteWrongPassword(id, deviceId, credentials.device, client));',
        replace:
          'void afterAnswer;\n      if (id) await this.noteWrongPassword(id, deviceId, credentials.device, client);',
      },
    ],
    noticedBy: ['hashes', 'a wrong password is answered although the account is locked by somebody'],
    breaks: true,
  },
  {
    name: 'masked-address',
    keeps: 'an address that is not proven is masked',
    edits: [
      {
        file: 'challenges/challenge-views.ts',
        find: "row.method === 'EMAIL' ? maskEmailAddress(row.email) : null",
        replace: "row.method === 'EMAIL' ? row.email : null",
      },
    ],
    noticedBy: ['sign-up', 'what is shown of the address is masked'],
  },
  {
    name: 'flood-of-wrong-passwords',
    keeps: 'wrong passwords of an hour are one entry with a count',
    edits: [
      {
        file: 'activity/activities.ts',
        find: 'const isFlood = floods.includes(entry.type);',
        replace: 'const isFlood = floods.length === 0;',
      },
    ],
    noticedBy: ['activity', 'are one entry per address and hour, which counts them'],
  },
  {
    name: 'flood-of-a-site',
    keeps: 'wrong passwords of a /48 are one entry',
    edits: [
      {
        file: 'activity/activities.ts',
        find: 'clientNetworks(entry.ipAddress).wide ?? entry.ipAddress',
        replace: 'clientNetworks(entry.ipAddress).narrow',
      },
    ],
    noticedBy: ['used-up-limits', 'make one entry of their wrong passwords, and write nothing in it'],
  },
  {
    name: 'no-text-of-strangers',
    keeps: 'a stranger without the password writes nothing on the pages of the owner',
    edits: [
      {
        file: 'sign-in/sign-ins.ts',
        find: '{ platform }: DeviceDescription,',
        replace: '{ platform, name }: DeviceDescription,',
      },
      { file: 'sign-in/sign-ins.ts', find: "known?.name ?? ''", replace: 'known?.name ?? name' },
    ],
    noticedBy: ['used-up-limits', 'make one entry of their wrong passwords, and write nothing in it'],
  },
  {
    name: 'notices-of-new-devices',
    keeps: 'NEW_DEVICE_NOTICES_HOUR mails tell of new devices, and one more of the rest',
    edits: [
      {
        file: 'outbox/outbox.ts',
        find: 'select count(*) >= ${mostPerHour} as enough',
        replace: 'select count(*) < 0 * ${mostPerHour}::int as enough',
      },
    ],
    noticedBy: ['limits-of-sign-ins', 'are NEW_DEVICE_NOTICES_HOUR, and then one that tells how many more'],
  },
  {
    name: 'flood-of-notices',
    keeps: 'the same notice within a minute is mailed once',
    edits: [
      {
        file: 'outbox/outbox.ts',
        find: 'and notice = ${notice} and ${isTold})',
        replace: 'and notice = ${notice} and ${isTold} and false)',
      },
    ],
    noticedBy: ['security-mails', 'about the same thing within a minute are one'],
  },
  {
    name: 'sweeper',
    keeps: 'what a crash left behind in the outbox is sent',
    edits: [
      {
        file: 'outbox/sweeper.ts',
        find: 'queue.enqueueAgain(id, attempts);',
        replace: 'void [id, attempts];',
      },
    ],
    noticedBy: ['mail-queue', 'whose job was never queued: it is swept up'],
  },
  {
    name: 'outbox',
    keeps: 'a mail is written in the transaction of its reason and queued after it',
    edits: [
      {
        file: 'sql/transactions.ts',
        find: 'for (const deliveryId of deliveryIds) this.afterCommit.enqueue(deliveryId);',
        replace: '',
      },
    ],
    noticedBy: ['mail-queue', 'whose job carries nothing but the id of its row'],
  },
  {
    name: 'claim',
    keeps: 'one worker sends a mail',
    edits: [
      {
        file: 'outbox/outbox.ts',
        find: "          and next_attempt_at <= clock_timestamp() + interval '50 milliseconds'\n          and (claimed_until is null or claimed_until <= clock_timestamp())\n",
        replace: "          and next_attempt_at <= clock_timestamp() + interval '50 milliseconds'\n",
      },
    ],
    noticedBy: ['mail-queue', 'however often its job is queued, and however many workers there are'],
  },
  {
    name: 'claim-of-what-waits',
    keeps: 'a mail that was sent is not sent again',
    edits: [
      {
        file: 'outbox/outbox.ts',
        find: "where id = ${deliveryId} and method = 'EMAIL' and ${isUnsent} and not is_withheld",
        replace: "where id = ${deliveryId} and method = 'EMAIL' and not is_withheld",
      },
    ],
    noticedBy: ['mail-queue', 'however often its job is queued, and however many workers there are'],
  },
  {
    name: 'withheld',
    keeps: 'a mail past the limit is not sent',
    edits: [
      {
        file: 'outbox/outbox.ts',
        find: "where id = ${deliveryId} and method = 'EMAIL' and ${isUnsent} and not is_withheld",
        replace: "where id = ${deliveryId} and method = 'EMAIL' and ${isUnsent}",
      },
    ],
    noticedBy: ['sign-up', 'past the mails of an hour the answer is the same, and no code is right'],
  },
  {
    name: 'no-dead-codes',
    keeps: 'nothing is sent for a challenge that is over',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: "and ${isOpen('c')}\n          and case",
        replace: 'and case',
      },
    ],
    noticedBy: ['mail-queue', 'a challenge that is over by the time of the next try is not mailed any more'],
  },
  {
    name: 'message-id',
    keeps: 'a mail that is sent twice has one Message-ID',
    edits: [
      {
        file: 'outbox/mail-sender.ts',
        find: 'messageId: `<${claimed.id}@${this.messageDomain}>`',
        replace: 'messageId: `<${claimed.id}.${claimed.attempts}@${this.messageDomain}>`',
      },
    ],
    noticedBy: ['mail-queue', 'it is refused for now, is tried again after growing pauses, and is the same mail'],
  },
  {
    name: 'final-refusals',
    keeps: 'a mail that is refused for good is given up',
    edits: [
      {
        file: 'outbox/mail-sender.ts',
        find: 'if (fault.isFinal) {',
        replace: 'if (fault.isFinal && claimed.attempts > 1) {',
      },
    ],
    noticedBy: ['mail-queue', '%s is refused for good: nothing is tried again'],
  },
  {
    name: 'one-recipient',
    keeps: 'a mail leaves for one recipient',
    edits: [
      { file: 'mail/transport.ts', find: '    refuseInjection(mail);\n', replace: '    void refuseInjection;\n' },
    ],
    noticedBy: ['mail-transport', 'a mail with %j never leaves'],
  },
  {
    name: 'answers-of-mail-servers',
    keeps: "a mail server's own words are nobody's to read",
    edits: [
      {
        file: 'mail/transport.ts',
        find: 'reason: error.response === undefined ? error.message : undefined,',
        replace: 'reason: error.message,',
      },
    ],
    noticedBy: ['mail-transport', 'a fault is logged with its codes, without address or answer'],
  },
  {
    name: 'no-text-of-the-asker',
    keeps: 'before a proven account a mail carries no text of the asker',
    edits: [
      {
        file: 'mail/mail-views.ts',
        find: "const isAskerProven = !openKinds.has(kind) && !(mail.brand && kind === 'ENABLE_TWO_STEP');",
        replace: "const isAskerProven = kind !== 'RESET_PASSWORD';",
      },
    ],
    noticedBy: ['mail-templates', 'before a proven account a mail carries no text of the asker'],
  },
  {
    name: 'quoted-names',
    keeps: 'a device name in a mail is quoted',
    edits: [
      {
        file: 'mail/mail-views.ts',
        find: 'device: deviceName && quotedName(deviceName, locale),',
        replace: 'device: deviceName && (quotedName(deviceName, locale), deviceName),',
      },
    ],
    noticedBy: ['mail-templates', 'a device name is escaped in HTML, and cannot pass for our words'],
  },
  {
    name: 'names-become-no-links',
    keeps: 'nothing in a device name becomes a link',
    edits: [{ file: 'mail/quoted-name.ts', find: '@]|:\\/+|(?<=\\S)[.。](?=\\S)/gu', replace: ']/gu' }],
    noticedBy: ['mail-templates', 'the name %j is quoted as %s'],
  },
  {
    name: 'no-code-in-the-subject',
    keeps: 'no code stands in a Subject',
    edits: [
      {
        file: 'mail/templates.ts',
        find: 'return { ...this.head(mail, `mail.codes.${mail.kind}`), ...',
        replace:
          'const head = this.head(mail, `mail.codes.${mail.kind}`);\n    return { ...head, subject: `${mail.code ?? ""} ${head.subject}`, ...',
      },
    ],
    noticedBy: [
      'mail-templates',
      'in %s a code stands alone on its line, in one run of digits, and never in the subject',
    ],
  },
  {
    name: 'redaction',
    keeps: 'a secret that is logged by its name is taken out',
    edits: [
      {
        file: 'wiring/logging.ts',
        find: 'secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])',
        replace: 'secretNames.slice(99)',
      },
    ],
    noticedBy: ['attack-log', 'a secret that reaches the log under its name is taken out'],
  },
  {
    name: 'errors-without-rows',
    keeps: 'what the database refused is not written to the log',
    edits: [
      { file: 'wiring/logging.ts', find: "error.message.replace(/\\n - detail: .*$/s, '')", replace: 'error.message' },
    ],
    noticedBy: ['attack-log', 'a row that the database refuses is not written to the log'],
  },
  {
    name: 'codes-by-key',
    keeps: 'a code needs the key',
    edits: [
      { file: 'codes/codes.ts', find: "createHmac('sha256', key.secret)", replace: "createHmac('sha256', key.id)" },
    ],
    noticedBy: ['keys', 'a challenge needs the secret of its key, not its name'],
  },
  {
    name: 'unknown-keys',
    keeps: 'a challenge whose key is gone refuses',
    edits: [
      {
        file: 'challenges/challenge-tries.ts',
        find: 'if (!this.codes.knows(spent)) return this.giveUp(tx, spent);',
        replace: '',
      },
    ],
    noticedBy: ['keys', 'a challenge whose key is gone is cancelled at the next code, and says so'],
    breaks: true,
  },
  {
    name: 'tokens-hashed',
    keeps: 'of a token its hash alone is stored',
    edits: [
      {
        file: 'codes/tokens.ts',
        find: "createHash('sha256').update(text).digest()",
        replace: "createHash('sha256') && Buffer.from(text)",
      },
    ],
    noticedBy: ['secrets', 'are in no row, no job, no message and no line of the log, at any moment of the whole path'],
  },
  {
    name: 'hash-of-a-locked-sign-up',
    keeps: 'the hash of a sign-up goes with the fifth wrong code',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: 'password_hash = null,',
        replace: "password_hash = case when ${state} = 'LOCKED' then password_hash end,",
      },
    ],
    noticedBy: ['sign-up', 'the hash of an unfinished sign-up goes with the fifth wrong code'],
  },
  {
    name: 'hash-of-a-finished-sign-up',
    keeps: 'the hash of a sign-up goes from its challenge with the account',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: 'password_hash = null,',
        replace: "password_hash = case when ${state} = 'VERIFIED' then password_hash end,",
      },
    ],
    noticedBy: ['sign-up', 'the hash of a sign-up is no longer with its challenge once the account exists'],
  },
  {
    name: 'hash-of-a-sign-up-whose-key-is-gone',
    keeps: 'the hash of a sign-up goes when its key is gone',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: 'password_hash = null,',
        replace: "password_hash = case when ${state} = 'CANCELLED' then password_hash end,",
      },
    ],
    noticedBy: ['keys', 'a challenge whose key is gone is cancelled at the next code, and says so'],
  },
  {
    name: 'hash-of-an-expired-sign-up',
    keeps: 'the hash of a sign-up that nobody finished goes',
    edits: [
      {
        file: 'wiring/retention.ts',
        find: 'update challenge set password_hash = null, ended_at = expires_at',
        replace: 'update challenge set ended_at = expires_at',
      },
    ],
    noticedBy: ['worker-role', 'removes the password of a sign-up that nobody finished, once its time is over'],
  },
  {
    name: 'prompts-bound',
    keeps: 'past PROMPTS_UNANSWERED a request waits silently',
    edits: [
      {
        file: 'sign-in/second-steps.ts',
        find: 'isSilent: arePromptsPaused',
        replace: 'isSilent: false && arePromptsPaused',
      },
    ],
    noticedBy: ['denials', 'are not shown: the request waits silently, and mail is offered'],
  },
  {
    name: 'silent-requests-hidden',
    keeps: 'a silent request reaches no device',
    edits: [{ file: 'prompts/prompt-views.ts', find: ' and not c.is_silent', replace: '' }],
    noticedBy: ['denials', 'reach no socket, and go by mail where that is asked for'],
  },
  {
    name: 'denials-pause',
    keeps: 'DENIALS_BEFORE_PAUSE denials let new devices wait',
    edits: [
      {
        file: 'prompts/prompts.ts',
        find: 'pauseWhere(tx, account.id, this.limits.ACCOUNT_PAUSE_SECONDS, isDeniedOften(account.id, this.limits));',
        replace: '',
      },
    ],
    noticedBy: ['denials', 'lets new devices wait, and does not touch trusted ones'],
  },
  {
    name: 'denial-of-the-trusted',
    keeps: 'a device that was removed denies nothing',
    edits: [
      {
        file: 'prompts/prompts.ts',
        find: "if (!account || (await this.sessions.standing(tx, session)) !== 'TRUSTED') throw new Unauthenticated();",
        replace: 'if (!account) throw new Unauthenticated();',
      },
    ],
    noticedBy: ['epochs', 'a device that was removed while its denial waited for the account denies nothing'],
  },
  {
    name: 'claim-renewed',
    keeps: 'a mail is kept for its worker for as long as it takes',
    edits: [
      {
        file: 'outbox/mail-sender.ts',
        find: 'if (!(await renewClaim(this.db, claimed).catch(() => true))) lost.abort();',
        replace: 'void [renewClaim, claimed];',
      },
    ],
    noticedBy: ['killed-workers', 'is kept for its worker for as long as that takes'],
  },
  {
    name: 'fate-unknown',
    keeps: 'a mail that may have been taken is sent once more, and not for as long as it is worth sending',
    edits: [
      {
        file: 'outbox/outbox.ts',
        find: 'return claimed.unknownSends >= SENDS_OF_UNKNOWN_FATE;',
        replace: 'return claimed.unknownSends >= 9 * SENDS_OF_UNKNOWN_FATE;',
      },
    ],
    noticedBy: [
      'mail-queue',
      'the mail server may have taken it: it is sent once more, as the same mail, and who waits is told',
    ],
  },
  {
    name: 'data-begun',
    keeps: 'a mail whose worker died while the mail server had it counts as sent',
    edits: [
      {
        file: 'outbox/mail-sender.ts',
        find: '{ beforeData: () => this.beginData(claimed), cancelled: lost }',
        replace: '{ beforeData: async () => void this.beginData, cancelled: lost }',
      },
    ],
    noticedBy: ['killed-workers', 'is given up when that worker is killed too, and who waits is told'],
  },
  {
    name: 'answers-out-of-step',
    keeps: 'only a refusal says that a mail was not taken',
    edits: [
      { file: 'mail/mail-fault.ts', find: '(replyCode === null || replyCode < 400)', replace: 'replyCode === null' },
    ],
    noticedBy: ['mail-transport', 'read from an answer that says no, and from none that is out of step: %s'],
  },
  {
    name: 'time-for-the-answer',
    keeps: 'a mail server may take longer to take a mail than to begin',
    edits: [
      {
        file: 'mail/hand-over.ts',
        find: '    this.timer = this.lateIn(this.dataMs);\n',
        replace: '    void this.dataMs;\n',
      },
    ],
    noticedBy: ['mail-transport', 'a mail server is given %s for its %s, and not more'],
  },
  {
    name: 'slow-answers-apart',
    keeps: 'answers that do not come hold up no other mail',
    edits: [
      {
        file: 'mail/turns.ts',
        find: 'setTimeout(countApart, this.longMs)',
        replace: 'setTimeout(countApart, 99 * this.longMs)',
      },
    ],
    noticedBy: ['mail-transport', 'answers that do not come hold up no other mail'],
  },
  {
    name: 'lost-connections',
    keeps: 'a connection that is lost in a transaction leaves the pool',
    edits: [{ file: 'wiring/database.ts', find: '  Client: PooledClient,\n', replace: '' }],
    noticedBy: ['lost-answers', 'however often that happens, the server goes on'],
    breaks: true,
  },
  {
    name: 'activity-days',
    keeps: 'sign-in activity goes after ACTIVITY_DAYS',
    edits: [
      { file: 'wiring/retention.ts', find: "oldest('activity', 'occurred_at', { days: ACTIVITY_DAYS }),", replace: '' },
    ],
    noticedBy: ['activity', 'sign-in activity is kept for ACTIVITY_DAYS'],
  },
  {
    name: 'ended-days',
    keeps: 'what has ended goes after ENDED_DAYS',
    edits: [
      {
        file: 'wiring/retention.ts',
        find: "oldest('support_report', 'created_at', { days: ENDED_DAYS }),",
        replace: '',
      },
    ],
    noticedBy: ['limits-of-time', 'what has ended is kept for ENDED_DAYS, and not longer'],
  },
];
