import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, raw, sql } from '../sql/statement.js';

/** SQL for how people are told who asks: what the product of an API client is called. @param client the table's alias */
export function productName(client: string): Fragment {
  const k = raw(client);
  return sql`coalesce(${k}.product_name, ${k}.name)`;
}

/** The same of one client, which is never deleted while anything that it asked for is kept. */
export async function productNameOf(db: Sql, clientId: string): Promise<string> {
  const found = await rowOf<{ name: string }>(
    db,
    sql`select ${productName('k')} as name from api_client k where k.id = ${clientId}`,
  );
  if (!found) throw new Error('a client that asked for something is gone');
  return found.name;
}
