import { mailbox } from '../config/config.js';
import type { Brand } from '../mail/mail-data.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { ClientRow } from './client.entity.js';

/**
 * How the product that holds an account shows itself to its people.
 * @param accountId SQL for the account's id
 * @returns null where nobody holds it
 */
export async function brandOf(db: Sql, accountId: Fragment): Promise<Brand | null> {
  const client = await rowOf<Pick<ClientRow, 'productName' | 'sender' | 'link'>>(
    db,
    sql`select k.product_name as "productName", k.sender, k.link
        from account a join api_client k on k.id = a.client_id where a.id = ${accountId}`,
  );
  if (!client) return null;
  const { productName = null, sender, link = null } = client;
  return { productName, senderName: sender ? mailbox(sender).name || null : null, link };
}
