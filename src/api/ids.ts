import { BadUserInput } from './errors.js';

const UUID_LENGTH = 36;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether an id that a client sent can be one of ours; PostgreSQL would refuse the statement over any other. */
export function isUuid(id: string): boolean {
  return id.length === UUID_LENGTH && uuid.test(id);
}

/** Holds how many are asked for to 1 and `most`. @throws BadUserInput */
export function requireCount(field: string, count: number, most: number): void {
  if (count < 1 || count > most) throw new BadUserInput(field, `must be 1 to ${most}`);
}

/** Holds ways to name one thing to exactly one that is given; null is not given. @throws BadUserInput */
export function requireOneOf(ways: Readonly<Record<string, string | null | undefined>>): void {
  const names = Object.keys(ways);
  const given = names.filter((name) => ways[name] !== undefined && ways[name] !== null);
  if (given.length !== 1) throw new BadUserInput(given[1] ?? names[0] ?? '', `give exactly one of ${names.join(', ')}`);
}
