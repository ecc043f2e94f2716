// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

/** What products may ask for the people whom they hold, and what their owners can do about it. */
export const subjectGuards: readonly Guard[] = [
  {
    name: 'addresses-held',
    keeps: 'while two-step verification is on another address waits',
    edits: [
      {
        file: 'subjects/subjects.ts',
        find: 'const isHeld = account.twoStepEnabledAt != null;',
        replace: 'const isHeld = account.twoStepEnabledAt === undefined;',
      },
    ],
    noticedBy: ['held-changes', 'waits, told to the mailbox and to the devices; nothing else changes'],
  },
  {
    name: 'deletions-held',
    keeps: 'while two-step verification is on a deletion waits',
    edits: [
      {
        file: 'subjects/subject-deletions.ts',
        find: 'this.limits.RESET_HOLD_HOURS > 0',
        replace: 'this.limits.RESET_HOLD_HOURS < 0',
      },
    ],
    noticedBy: [
      'held-changes',
      'waits, told to the mailbox; what is asked for meanwhile is FORBIDDEN, and who is signed in stays so',
    ],
  },
  {
    name: 'hold-waited-for',
    keeps: 'what is held waits for RESET_HOLD_HOURS',
    edits: [
      {
        file: 'accounts/held-changes.ts',
        find: '(${isOpen} and h.waits_until <= clock_timestamp()',
        replace: '(${isOpen} and h.waits_until is not null',
      },
    ],
    noticedBy: ['held-changes', 'is in force once it is proven and has waited, whichever comes first'],
  },
  {
    name: 'addresses-proven',
    keeps: 'no address comes into force that nobody has proven',
    edits: [
      {
        file: 'accounts/held-changes.ts',
        find: "and (h.kind = 'DELETION' or h.proven_at is not null))`",
        replace: "and (h.kind = 'DELETION' or h.email is not null))`",
      },
    ],
    noticedBy: ['stolen-key', 'move the second factor to another mailbox, however long it waits and whatever it ends'],
  },
  {
    name: 'changes-done-once',
    keeps: 'a change that was stopped does not come into force',
    edits: [
      {
        file: 'accounts/held-changes.ts',
        find: 'const isDue = sql`(${isOpen} and',
        replace: 'const isDue = sql`(',
      },
    ],
    noticedBy: [
      'subject-races',
      'a veto and the moment at which the change comes into force: it is stopped or done, and never both',
    ],
  },
  {
    name: 'vetoes-once',
    keeps: 'a change is stopped once, and not once it is in force',
    edits: [
      {
        file: 'accounts/held-changes.ts',
        find: 'where h.id = ${id} and h.account_id = ${accountId} and ${isOpen}`,',
        replace: 'where h.id = ${id} and h.account_id = ${accountId}`,',
      },
    ],
    noticedBy: ['subject-races', 'a code stops its change once, and a trusted device too'],
  },
  {
    name: 'vetoes-of-trusted-devices',
    keeps: 'a device that is not trusted stops nothing',
    edits: [
      {
        file: 'subjects/vetoes.ts',
        find: "!== 'TRUSTED') throw new Forbidden();",
        replace: "=== 'OVER') throw new Forbidden();",
      },
    ],
    noticedBy: ['held-changes', 'by a trusted device, and by no other'],
  },
  {
    name: 'vetoes-of-the-mailbox',
    keeps: 'a code stops what waits for its own address alone',
    edits: [
      {
        file: 'accounts/held-changes.ts',
        find: 'where a.subject_email = ${email} and ${isOpen}',
        replace: 'where (a.subject_email = ${email} or true) and ${isOpen}',
      },
    ],
    noticedBy: ['held-changes', 'by the mailbox, with the code of the mail and the address that it went to'],
  },
  {
    name: 'wrong-vetoes-counted',
    keeps: 'a network has VETO_FAILURES_PER_IP_HOUR wrong codes',
    edits: [
      {
        file: 'subjects/vetoes.ts',
        find: "    await this.rateLimits.take('VETO_FAILURES_PER_IP_HOUR', client.ipAddress);\n",
        replace: '    void client;\n    void this.rateLimits;\n',
      },
    ],
    noticedBy: [
      'held-changes',
      'wrong codes of one network are VETO_FAILURES_PER_IP_HOUR, and a right one works all the same',
    ],
  },
  {
    name: 'addresses-a-day',
    keeps: 'a subject is given ADDRESS_CHANGES_DAY addresses a day',
    edits: [
      {
        file: 'subjects/subjects.ts',
        find: 'if (retry) throw new RateLimited(retry);',
        replace: 'if (retry && !account) throw new RateLimited(retry);',
      },
    ],
    noticedBy: [
      'subjects',
      'changes the address ADDRESS_CHANGES_DAY times a day, to the same again as often as one likes',
    ],
  },
  {
    name: 'unproven-mails',
    keeps: 'an address that nobody has proven gets UNPROVEN_MAILS_DAY codes of a client a day',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: 'mailed.count >= this.limits.UNPROVEN_MAILS_DAY',
        replace: 'mailed.count < 0',
      },
    ],
    noticedBy: [
      'held-changes',
      'is mailed UNPROVEN_MAILS_DAY times a day to one address, whoever of a client it is for',
    ],
  },
  {
    name: 'unproven-mails-locked',
    keeps: 'the same where several subjects of a client ask at once',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: '    tx.write(sql`select pg_advisory_xact_lock(hashtextextended(${`${asker} ${challenge.email}`}, 0))`);\n',
        replace: '',
      },
    ],
    noticedBy: [
      'subject-races',
      'an address that nobody has proven gets UNPROVEN_MAILS_DAY codes, however many subjects ask for them at once',
    ],
  },
  {
    name: 'unproven-mails-apart',
    keeps: 'what a client has mailed to an address says nothing to who asks for a reset there, and takes no mail of it',
    edits: [
      {
        file: 'challenges/challenge-sends.ts',
        find: '\n              and asked_from not like ${`${UNPROVEN_ASKER}%`} and not is_withheld',
        replace: ' and not is_withheld',
      },
    ],
    noticedBy: ['enumeration', 'the mails of an hour are counted the same for anybody'],
    // What names a client is no network.
    breaks: true,
  },
  {
    name: 'notices-to-the-proven',
    keeps: 'nothing is told to an address that nobody has proven',
    edits: [
      {
        file: 'accounts/addresses.ts',
        find: 'account.email == null && account.addressProvenAt == null ?',
        replace: 'account.email == null && account.subjectEmail == null ?',
      },
    ],
    noticedBy: ['held-changes', 'is not sent to an address that nobody has proven'],
  },
  {
    name: 'mails-of-what-waits',
    keeps: 'no mail tells of a change that waits no more',
    edits: [{ file: 'subjects/held-change-mails.ts', find: ' and ended_at is null', replace: '' }],
    noticedBy: ['held-changes', 'is not sent once nothing waits any more'],
  },
  {
    name: 'passwords-of-subjects',
    keeps: 'what asks for a password is FORBIDDEN to a subject',
    edits: [
      {
        file: 'api/context.ts',
        find: 'if (session.account.externalId != null) throw',
        replace: 'if (session.account.externalId === undefined) throw',
      },
    ],
    noticedBy: ['subjects', 'is FORBIDDEN %s, and nothing is counted for it'],
  },
  {
    name: 'ids-of-deleted-subjects',
    keeps: 'nobody takes the id of a subject that was deleted for EVENTS_DAYS',
    edits: [
      {
        file: 'subjects/subjects.ts',
        find: 'if (isGone) throw new SubjectGoing();',
        replace: 'if (isGone && !email) throw new SubjectGoing();',
      },
    ],
    noticedBy: ['subjects', 'leaves an id that nobody takes for EVENTS_DAYS'],
  },
  {
    name: 'subjects-that-go',
    keeps: 'a subject that is to be deleted is not changed',
    edits: [
      {
        file: 'subjects/subjects.ts',
        find: "if (held.some(({ kind }) => kind === 'DELETION')) throw",
        replace: "if (held.every(({ kind }) => kind === 'DELETION') && held.length > 1) throw",
      },
    ],
    noticedBy: [
      'held-changes',
      'waits, told to the mailbox; what is asked for meanwhile is FORBIDDEN, and who is signed in stays so',
    ],
  },
  {
    name: 'proofs-of-what-waits',
    keeps: 'a code proves the address that is wanted, and none that was',
    edits: [
      {
        file: 'subjects/subjects.ts',
        find: '      cancelAddressProofs(tx, account.id);\n',
        replace: '      void cancelAddressProofs;\n',
      },
    ],
    noticedBy: ['held-changes', 'is taken back by the one that is in force, and with it the codes that prove it'],
  },
  {
    name: 'epoch-raised-by-an-address',
    keeps: 'what was begun under another address opens nothing',
    edits: [
      {
        file: 'subjects/due-changes.ts',
        find: '    await shutDoor(tx, account.id);\n',
        replace: '',
      },
    ],
    noticedBy: [
      'subjects',
      'changes the address at once where two-step is off: the epoch rises, sessions stay, and the feed tells of it',
    ],
  },
  {
    name: 'mails-of-the-deleted',
    keeps: 'nothing that was mailed to a subject is kept once it is deleted',
    edits: [
      {
        file: 'subjects/due-changes.ts',
        find: '    forgetDeliveries(tx, id);\n',
        replace: '    void forgetDeliveries;\n',
      },
    ],
    noticedBy: ['subjects', 'takes everything away at once where two-step is off, and tells of every session'],
  },
  {
    name: 'no-strangers-text-to-strangers',
    keeps: 'a mail to an address that nobody has proven carries no text of who asked',
    edits: [
      {
        file: 'mail/mail-views.ts',
        find: " && !(mail.brand && kind === 'ENABLE_TWO_STEP')",
        replace: '',
      },
    ],
    noticedBy: [
      'mail-templates',
      'a mail to somebody whom a product holds comes in its name, and says where its password is changed',
    ],
  },
  {
    name: 'held-mails-link-nothing',
    keeps: 'a mail with a code that stops something links nothing',
    edits: [
      {
        file: 'mail/mail-views.ts',
        find: 'brand: mail.brand && { ...mail.brand, link: null }',
        replace: 'brand: mail.brand',
      },
    ],
    noticedBy: ['mail-templates', 'a mail that tells of what waits links nothing, not even where its product is'],
  },
];
