import type { ActivityFieldsFragment, ActivityType } from '../../api/operations.ts';
import { kindOf } from './kinds.ts';

/** What a person did, or somebody tried: a sign-in with its steps, or something that stands by itself. */
export interface Happening {
  /** The same while steps are added. */
  readonly id: string;
  /** What it came to: the step that tells most. */
  readonly head: ActivityFieldsFragment;
  /** The oldest first, the head among them. */
  readonly steps: readonly ActivityFieldsFragment[];
  readonly occurredAt: string;
  /** Of a device that had not signed in before. */
  readonly isNewDevice: boolean;
  /** From a country that nobody had signed in from before. */
  readonly isNewLocation: boolean;
  /** Wrong passwords and codes on the way to something that was not refused. */
  readonly failures: number;
}

/** What may come before an end. */
const tries: readonly ActivityType[] = ['CODE_REQUESTED', 'WRONG_PASSWORD', 'WRONG_CODE'];
/** What ends a sign-in, or whatever else a code is asked for. */
const ends: readonly ActivityType[] = [
  'SIGNED_UP',
  'SIGNED_IN',
  'LOGIN_DENIED',
  'CONFIRMATION_DENIED',
  'CHALLENGE_LOCKED',
  'PASSWORD_RESET',
  'TWO_STEP_ENABLED',
];
/** What goes with an end, in the same moment. */
const follows: Partial<Record<ActivityType, ActivityType>> = {
  SIGNED_UP: 'SIGNED_IN',
  SIGNED_IN: 'DEVICE_TRUSTED',
  TWO_STEP_ENABLED: 'DEVICE_TRUSTED',
};

/** A code is good for ten minutes, and somebody may mistype the password before. */
const NEXT_TRY_MS = 15 * 60_000;
const SAME_MOMENT_MS = 5_000;

/** Puts together what belongs to one sign-in; entries and happenings are the newest first. */
export function happeningsOf(entries: readonly ActivityFieldsFragment[]): Happening[] {
  const runs: ActivityFieldsFragment[][] = [];
  const latest = new Map<string, ActivityFieldsFragment[]>();
  for (const entry of entries.toReversed()) {
    // Whoever asks says what the device is called: with the address, a stranger's tries do not hide among one's own.
    const who = [entry.deviceName, entry.platform, entry.ipAddress].join('\n');
    const run = latest.get(who);
    if (run && isContinued(run, entry)) {
      run.push(entry);
    } else {
      const begun = [entry];
      runs.push(begun);
      latest.set(who, begun);
    }
  }
  return runs.flatMap(toHappening).sort((one, other) => Date.parse(other.occurredAt) - Date.parse(one.occurredAt));
}

function isContinued(run: readonly ActivityFieldsFragment[], entry: ActivityFieldsFragment): boolean {
  const last = run.at(-1);
  if (!last) return false;
  const waited = Date.parse(entry.occurredAt) - Date.parse(last.occurredAt);
  if (follows[last.type] === entry.type) return waited <= SAME_MOMENT_MS;
  const isUnderWay = run.every(({ type }) => tries.includes(type));
  return isUnderWay && waited <= NEXT_TRY_MS && (tries.includes(entry.type) || ends.includes(entry.type));
}

function toHappening(steps: readonly ActivityFieldsFragment[]): Happening[] {
  const [first] = steps;
  const head = steps.find(({ type }) => ends.includes(type)) ?? steps.at(-1);
  if (!first || !head) return [];
  const failed = kindOf(head.type) === 'refused' ? [] : steps.filter(({ type }) => kindOf(type) === 'refused');
  return [
    {
      id: first.id,
      head,
      steps,
      occurredAt: head.occurredAt,
      // The device on which the account was opened is nobody else's.
      isNewDevice: head.type !== 'SIGNED_UP' && steps.some(({ isNewDevice }) => isNewDevice),
      isNewLocation: steps.some(({ isNewLocation }) => isNewLocation),
      failures: failed.reduce((sum, { count }) => sum + count, 0),
    },
  ];
}
