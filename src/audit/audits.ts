import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { AuditRow } from './audit.entity.js';

/** Writes down what an operator has done, in the transaction of the act itself. */
export async function noteAct(
  db: Sql,
  { actor, act, subject }: Pick<AuditRow, 'actor' | 'act' | 'subject'>,
): Promise<void> {
  await db.run(sql`insert into audit (actor, act, subject) values (${actor}, ${act}, ${subject})`);
}

/** The last acts, the newest first. */
export function lastActs(db: Sql, most: number): Promise<AuditRow[]> {
  return rowsOf(db, sql`select ${columns(AuditRow)} from audit order by at desc, id limit ${most}`);
}
