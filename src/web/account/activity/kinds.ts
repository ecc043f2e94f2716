import type { ActivityType } from '../../api/operations.ts';

/** What an entry is about: somebody who signed in or out, somebody who was blocked, something that changed. */
export type ActivityKind = 'signIns' | 'refused' | 'changes';

const kinds: Record<ActivityType, ActivityKind> = {
  SIGNED_UP: 'signIns',
  SIGNED_IN: 'signIns',
  SIGNED_OUT: 'signIns',
  CODE_REQUESTED: 'signIns',
  WRONG_PASSWORD: 'refused',
  WRONG_CODE: 'refused',
  LOGIN_DENIED: 'refused',
  CONFIRMATION_DENIED: 'refused',
  CHALLENGE_LOCKED: 'refused',
  PASSWORD_CHANGED: 'changes',
  PASSWORD_RESET: 'changes',
  TWO_STEP_ENABLED: 'changes',
  TWO_STEP_DISABLED: 'changes',
  DEVICE_TRUSTED: 'changes',
  DEVICE_REMOVED: 'changes',
};

/** The kind that a type belongs to. */
export function kindOf(type: ActivityType): ActivityKind {
  return kinds[type];
}

/** Their sentences say already that it was blocked. */
const saysBlocked: readonly ActivityType[] = ['LOGIN_DENIED', 'CONFIRMATION_DENIED', 'CHALLENGE_LOCKED'];

/** Whether it has to be marked as blocked. */
export function isMarkedBlocked(type: ActivityType): boolean {
  return kindOf(type) === 'refused' && !saysBlocked.includes(type);
}

/** The types of a kind. */
export function typesOf(kind: ActivityKind): ActivityType[] {
  return (Object.keys(kinds) as ActivityType[]).filter((type) => kinds[type] === kind);
}
