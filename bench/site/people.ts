import { createHash } from 'node:crypto';

/** The password of everybody: strong enough for the estimate, and nobody's. */
export const PASSWORD = 'quartz-lantern-92-orbit';

/** Which of the copied accounts take part: `count` of them, from `first` on, each `step` after the one before. */
export interface People {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Somebody with two-step verification on, and one trusted device that is signed in. */
export interface Person {
  readonly email: string;
  readonly sessionToken: string;
  readonly deviceToken: string;
}

// The same in SQL and here: a person is known by number, and nobody has to hand millions of tokens on. They open nothing
// but accounts of a database that is gone after the run.

/** SQL for what is `emailOf` here. @param n SQL for the number */
export const emailSql = (n: string) => `('person-' || ${n} || '@bench.example')`;

/** SQL for an id. @param kind of what @param n SQL for the number */
export const idSql = (kind: string, n: string) => `md5('${kind}-' || ${n})::uuid`;

/** SQL for what is `tokenOf` here. */
const tokenSql = (kind: 'ses' | 'dev' | 'chl', n: string) =>
  `('${kind}_' || rtrim(translate(encode(sha256(('${kind}-' || ${n})::bytea), 'base64'), '+/', '-_'), '='))`;

/** SQL for the SHA-256 of a token. */
export const tokenHashSql = (kind: 'ses' | 'dev' | 'chl', n: string) => `sha256(${tokenSql(kind, n)}::bytea)`;

const tokenOf = (kind: 'ses' | 'dev', n: number) =>
  `${kind}_${createHash('sha256').update(`${kind}-${n}`).digest('base64url')}`;

/** The nth of all copied accounts. */
export function personOf(n: number): Person {
  return {
    email: `person-${n}@bench.example`,
    sessionToken: tokenOf('ses', n),
    deviceToken: tokenOf('dev', n),
  };
}

/** Everybody who takes part. */
export function everyone({ first, step, count }: People): Person[] {
  return Array.from({ length: count }, (_, nth) => personOf(first + nth * step));
}
