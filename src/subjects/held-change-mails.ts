import { HeldChangeRow } from '../accounts/held-change.entity.js';
import type { VetoCodes } from '../codes/veto-codes.js';
import type { Brand } from '../mail/mail-data.js';
import type { MailTemplates, RenderedMail } from '../mail/templates.js';
import type { DeliveryRow } from '../outbox/delivery.entity.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { localeOf } from '../texts/texts.js';

const mailed = ['id', 'kind', 'keyId', 'salt', 'waitsUntil'] as const satisfies readonly (keyof HeldChangeRow)[];

/** Writes the mails that tell of a change which waits: the code that stops it is derived here, as the mail is rendered. */
export class HeldChangeMails {
  private readonly page: string;

  /** @param page where the code is typed */
  constructor(
    private readonly codes: VetoCodes,
    private readonly templates: MailTemplates,
    page: URL,
  ) {
    // As a person types it.
    this.page = `${page.host}${page.pathname}`;
  }

  /**
   * @returns null if there is nothing to stop any more
   * @throws UnknownCodeKey while keys rotate, and this worker does not have the new one yet: another may
   */
  async compose(db: Sql, { facts, locale }: DeliveryRow, brand: Brand | null): Promise<RenderedMail | null> {
    const change = await rowOf<Pick<HeldChangeRow, (typeof mailed)[number]>>(
      db,
      sql`select ${columns(HeldChangeRow, '', mailed)} from held_change
          where id = ${facts?.heldChangeId ?? null}::uuid and ended_at is null`,
    );
    if (!change) return null;
    const { kind, waitsUntil } = change;
    const code = this.codes.of(change);
    return this.templates.held({ kind, waitsUntil, code, brand, page: this.page, locale: localeOf(locale) });
  }
}
