import { isUuid } from '../api/ids.js';
import type { EventTypeName } from '../events/event.entity.js';
import { constant, type Fragment, raw, sql } from '../sql/statement.js';
import { type Purpose, purposes } from './challenge.entity.js';
import { purposeRules } from './challenge-purposes.js';

interface PromptRules {
  /** For developers. */
  readonly name: string;
  /** Clients that keep objects by their id alone must not take a prompt for its challenge, nor one kind for another. */
  readonly idPrefix: string;
  readonly requested: EventTypeName;
  readonly denied: EventTypeName;
}

/**
 * What trusted devices show of challenges, by kind. Each has a subscription, fields and ids of its own, so that no code is
 * typed for the wrong thing.
 */
export const promptKinds = {
  LOGIN_REQUEST: { name: 'login request', idPrefix: 'req_', requested: 'LOGIN_REQUESTED', denied: 'LOGIN_DENIED' },
  CONFIRMATION: {
    name: 'confirmation',
    idPrefix: 'cnf_',
    requested: 'CONFIRMATION_REQUESTED',
    denied: 'CONFIRMATION_DENIED',
  },
} as const satisfies Record<string, PromptRules>;
export type PromptKind = keyof typeof promptKinds;

/** Null: such a challenge is on no screen but that of whoever answers it. */
export function promptKindOf(purpose: Purpose): PromptKind | null {
  return purposeRules[purpose].prompt;
}

export function promptIdOf(kind: PromptKind, challengeId: string): string {
  return `${promptKinds[kind].idPrefix}${challengeId}`;
}

/** The challenge of a prompt, by the prompt's id. @returns null if it is no id of a prompt of this kind */
export function promptedChallengeId(kind: PromptKind, promptId: string): string | null {
  const { idPrefix } = promptKinds[kind];
  const id = promptId.startsWith(idPrefix) ? promptId.slice(idPrefix.length) : promptId;
  return isUuid(id) ? id : null;
}

/** Those whose challenges are prompts. */
const prompting: readonly Purpose[] = purposes.filter((purpose) => promptKindOf(purpose));

/** SQL that is true where a challenge is a prompt. @param challenge the table's alias in the statement */
export function isPrompt(challenge: string): Fragment {
  return sql`${raw(challenge)}.purpose = any(${constant(prompting)})`;
}

/** Those of them whose code is for another device than the one that asks. */
const forAnotherDevice: readonly Purpose[] = prompting.filter((purpose) => promptKindOf(purpose) === 'CONFIRMATION');

/** What decides which devices show a prompt, as a statement has it. */
interface Asked {
  readonly purpose: Fragment;
  /** The device that asks. */
  readonly deviceId: Fragment;
}

/**
 * SQL that is true where a prompt of its account is for a device: not for the one that asks for something to be confirmed,
 * which would be confirmed by whoever holds that one device.
 * @param device the table's alias in the statement
 */
export function isForDevice({ purpose, deviceId }: Asked, device: string): Fragment {
  return sql`(${purpose} <> all(${constant(forAnotherDevice)}) or ${deviceId} is distinct from ${raw(device)}.id)`;
}

/** `Asked` of a challenge. @param challenge the table's alias in the statement */
export function askedIn(challenge: string): Asked {
  const c = raw(challenge);
  return { purpose: sql`${c}.purpose`, deviceId: sql`${c}.device_id` };
}
