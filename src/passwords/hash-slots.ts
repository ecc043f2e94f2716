import { Overloaded } from '../api/errors.js';

/** Whose work it is: what there is, is shared fairly among groups, and in a group among its members. */
export interface Share {
  readonly group: string;
  readonly member: string;
}

/** Somebody who waits for a slot. */
interface Waiter {
  start(): void;
  turnAway(): void;
}

const NOBODY: Share = { group: '', member: '' };

/**
 * Bounds how many passwords are hashed or judged at once, and how many requests may wait for that. Groups take turns, so
 * that no group holds up another for longer than one hash; where too many wait, whoever has most there gives way.
 */
export class HashSlots {
  private running = 0;
  private readonly line = new Line();

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
  ) {}

  /** @throws Overloaded at once if too many wait already, or later if somebody who has fewer there needs the place */
  async run<T>(work: () => Promise<T>, share: Share = NOBODY): Promise<T> {
    if (this.running >= this.atOnce) {
      if (this.line.length >= this.maxWaiting) this.makeRoom(share);
      await new Promise<void>((resolve, reject) => {
        this.line.add(share, { start: resolve, turnAway: () => reject(new Overloaded()) });
      });
    } else {
      this.running += 1;
    }
    try {
      return await work();
    } finally {
      // The slot goes straight to the next in line, so that a newcomer cannot slip in between.
      const next = this.line.next();
      if (next) next.start();
      else this.running -= 1;
    }
  }

  private makeRoom(share: Share): void {
    const last = this.line.giveWay(share);
    if (!last) throw new Overloaded();
    last.turnAway();
  }
}

type Members = Map<string, Waiter[]>;

/** Those who wait, by group and member; both take turns in the order of these maps. */
class Line {
  length = 0;
  private readonly groups = new Map<string, Members>();

  add({ group, member }: Share, waiter: Waiter): void {
    const members = this.groups.get(group) ?? new Map<string, Waiter[]>();
    const waiters = members.get(member) ?? [];
    waiters.push(waiter);
    members.set(member, waiters);
    this.groups.set(group, members);
    this.length += 1;
  }

  /** Takes the next out; its group and its member are the last ones now. */
  next(): Waiter | undefined {
    for (const [group, members] of this.groups) {
      for (const [member, waiters] of members) {
        const waiter = waiters.shift();
        this.length -= 1;
        turn(members, member, waiters, waiters.length);
        turn(this.groups, group, members, members.size);
        return waiter;
      }
    }
    return undefined;
  }

  /**
   * Takes out the last waiter of whoever has so many more than the newcomer that the newcomer has a better claim.
   * @returns undefined if nobody has
   */
  giveWay({ group, member }: Share): Waiter | undefined {
    const own = this.groups.get(group) ?? new Map<string, Waiter[]>();
    const [fullest, members] = most(this.groups, waitersIn);
    if (members && waitersIn(members) > waitersIn(own) + 1) return this.takeLast(fullest, members);
    const [, waiters] = most(own, ({ length }) => length);
    if (waiters && waiters.length > (own.get(member)?.length ?? 0) + 1) return this.takeLast(group, own);
    return undefined;
  }

  private takeLast(group: string, members: Members): Waiter | undefined {
    const [member, waiters] = most(members, ({ length }) => length);
    const last = waiters?.pop();
    this.length -= 1;
    if (waiters?.length === 0) members.delete(member);
    if (members.size === 0) this.groups.delete(group);
    return last;
  }
}

/** Puts an entry last, or takes it out where nothing is left of it. */
function turn<Value>(map: Map<string, Value>, key: string, value: Value, left: number): void {
  map.delete(key);
  if (left > 0) map.set(key, value);
}

function waitersIn(members: Members): number {
  let count = 0;
  for (const { length } of members.values()) count += length;
  return count;
}

/** The entry that has most. */
function most<Value>(map: Map<string, Value>, countOf: (value: Value) => number): [string, Value | undefined] {
  let found: [string, Value | undefined] = ['', undefined];
  let highest = 0;
  for (const [key, value] of map) {
    const count = countOf(value);
    if (count <= highest) continue;
    highest = count;
    found = [key, value];
  }
  return found;
}
