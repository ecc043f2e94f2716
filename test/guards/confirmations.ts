// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is looked for is source text.

import type { Guard } from './guard.js';

const TEXT = 'api/action-text.ts';

/** Of codes that stand for an action: what is asked, who is shown it, who is told that it was refused. */
export const confirmationGuards: readonly Guard[] = [
  {
    name: 'confirmed-elsewhere',
    keeps: 'the device that asks for something is not shown the code for it',
    edits: [
      {
        file: 'challenges/prompt-kinds.ts',
        find: '(${purpose} <> all(${constant(forAnotherDevice)}) or ${deviceId} is distinct from ${raw(device)}.id)',
        replace: '(${purpose} = ${purpose} or ${deviceId} is null)',
      },
    ],
    noticedBy: ['confirmations', 'is never on the device that asks, trusted or not, in whichever of its sessions'],
  },
  {
    name: 'prompts-of-one-kind',
    keeps: 'no code is shown among those of another kind',
    edits: [
      {
        file: 'prompts/prompt-stream.ts',
        find: 'seen.prompts.filter(({ kind }) => kind === this.kind)',
        replace: 'seen.prompts.filter(({ kind }) => kind === this.kind || kind)',
      },
    ],
    noticedBy: [
      'confirmations',
      'is never mixed with sign-ins: neither stream, nor list, nor answer takes the one for the other',
    ],
  },
  {
    name: 'answers-of-one-kind',
    keeps: 'a prompt is answered by the fields of its kind',
    edits: [
      {
        file: 'prompts/prompts.ts',
        find: 'prompts.find((prompt) => prompt.kind === kind && prompt.row.id === id)',
        replace: 'prompts.find((prompt) => (prompt.kind === kind || prompt.kind) && prompt.row.id === id)',
      },
    ],
    noticedBy: [
      'confirmations',
      'is never mixed with sign-ins: neither stream, nor list, nor answer takes the one for the other',
    ],
  },
  {
    name: 'refusals-pause-nobody',
    keeps: 'what is refused in a session lets no new device wait',
    edits: [
      {
        file: 'challenges/challenge-states.ts',
        find: "c.account_id = ${accountId} and c.purpose = 'SIGN_IN' and c.state = 'DENIED'",
        replace: "c.account_id = ${accountId} and c.state = 'DENIED'",
      },
    ],
    noticedBy: ['confirmations', 'may be refused as often as it takes, and new devices sign in as before'],
  },
  {
    name: 'action-seen',
    keeps: 'an action has no character that cannot be seen',
    edits: [{ file: TEXT, find: '[\\p{C}\\p{Default_Ignorable_Code_Point}', replace: '[\\p{Cc}' }],
    noticedBy: ['action-text', 'has nothing that is ignored, moves text or fills in silence'],
  },
  {
    name: 'action-in-one-line',
    keeps: 'an action has no line break, nor what looks like one',
    edits: [
      { file: TEXT, find: '[\\u00b6\\u204b\\u21b2\\u21b5\\u23ce\\u2400-\\u243f\\u2b90\\u2b91]', replace: '[\\u00b6]' },
    ],
    noticedBy: ['action-text', 'is one line: not %j'],
  },
  {
    name: 'action-marks',
    keeps: 'marks do not pile up in an action',
    edits: [
      { file: TEXT, find: 'return stacked.length > most || ', replace: 'return most < 0 && stacked.length > 0 && ' },
    ],
    noticedBy: ['action-text', 'has two marks on a character at most, and none on nothing'],
  },
  {
    name: 'mail-of-an-action',
    keeps: 'no template sends a code without what it stands for',
    edits: [
      {
        file: 'mail/templates.ts',
        find: 'if (mail.action) this.requireAction(rendered, mail.action);',
        replace: '',
      },
    ],
    noticedBy: ['mail-templates', "an operator's template that %s stops the start"],
  },
  {
    name: 'prompt-ids-in-the-feed',
    keeps: 'a backend is told of a prompt by the id that devices have of it',
    edits: [
      {
        file: 'feed/feed.types.ts',
        find: 'promptId && kind ? promptIdOf(kind, promptId) : null',
        replace: 'kind && promptId',
      },
    ],
    noticedBy: ['confirmations', 'the feed names a sign-in by the id that the phone has of it'],
  },
];
