import { mailbox } from '../config/config.js';
import type { Brand } from '../mail/mail-data.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { ClientRow } from './client.entity.js';

/** What is read of it. */
export type BrandRow = Pick<ClientRow, 'productName' | 'sender' | 'link'>;

/**
 * SQL for how the product that holds an account shows itself to its people, as one value; null where nobody holds it.
 * @param accountId SQL for the account's id
 */
export function brandRowOf(accountId: Fragment): Fragment {
  return sql`(select json_build_object('productName', k.product_name, 'sender', k.sender, 'link', k.link)
    from account a join api_client k on k.id = a.client_id where a.id = ${accountId})`;
}

/** @param row as `brandRowOf` reads it */
export function brandOf(row: BrandRow | null): Brand | null {
  if (!row) return null;
  const { productName = null, sender, link = null } = row;
  return { productName, senderName: sender ? mailbox(sender).name || null : null, link };
}
