import { productNameOf } from '../clients/product-names.js';
import type { Codes } from '../codes/codes.js';
import type { AskedAction, Brand, CodeMail } from '../mail/mail-data.js';
import type { MailTemplates, RenderedMail } from '../mail/templates.js';
import type { DeliveryRow } from '../outbox/delivery.entity.js';
import { labelOf } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { type Locale, localeOf, type Texts } from '../texts/texts.js';
import { ChallengeRow } from './challenge.entity.js';
import { giveToMail } from './challenge-states.js';
import { shownAction } from './shown-action.js';

// The worker's database role may not read the hashes of passwords and tokens, so these alone are read.
const mailed = [
  'id',
  'purpose',
  'keyId',
  'salt',
  'codeLength',
  'platform',
  'deviceName',
  'ipAddress',
  'clientId',
  'action',
  'createdAt',
  'expiresAt',
] as const satisfies readonly (keyof ChallengeRow)[];

/** A challenge as its mail tells of it. */
type MailedChallenge = Pick<ChallengeRow, (typeof mailed)[number]>;

/** Writes the mails that carry codes: the code is derived here, as the mail is rendered. */
export class CodeMails {
  constructor(
    private readonly codes: Codes,
    private readonly templates: MailTemplates,
    private readonly places: Places,
    private readonly texts: Texts,
  ) {}

  /**
   * @returns null if there is nothing to send: the challenge is over, or the mail would be for nobody
   * @throws UnknownCodeKey while keys rotate, and this worker does not have the new one yet: another may
   */
  async compose(db: Sql, delivery: DeliveryRow, brand: Brand | null): Promise<RenderedMail | null> {
    const challenge = await giveToMail(db, delivery.challengeId ?? null, mailed);
    if (challenge) {
      const code = this.codes.of(challenge);
      const action = await this.askedBy(db, challenge, localeOf(delivery.locale));
      return this.render(challenge, delivery, { kind: challenge.purpose, code, brand, ...(action && { action }) });
    }
    const taken = await this.signUpOfTakenAddress(db, delivery);
    return taken && this.render(taken, delivery, { kind: 'SIGN_UP_TAKEN', brand });
  }

  /** What the code stands for, and who asks; null where it stands for nothing but the challenge. */
  private async askedBy(db: Sql, { action, clientId }: MailedChallenge, locale: Locale): Promise<AskedAction | null> {
    if (!action || !clientId) return null;
    return { ...shownAction(action, this.texts, locale), client: await productNameOf(db, clientId) };
  }

  /** Who signs up with an address that has an account is told so, in its mailbox alone. */
  private signUpOfTakenAddress(db: Sql, delivery: DeliveryRow): Promise<MailedChallenge | null> {
    return rowOf<MailedChallenge>(
      db,
      sql`select ${columns(ChallengeRow, 'c', mailed)} from challenge c
          where c.id = ${delivery.challengeId ?? null} and c.state = 'PENDING' and c.expires_at > clock_timestamp()
            and c.purpose = 'SIGN_UP' and exists (select 1 from account a where a.email = c.email)`,
    );
  }

  private render(
    challenge: MailedChallenge,
    delivery: DeliveryRow,
    content: Pick<CodeMail, 'kind' | 'code' | 'brand' | 'action'>,
  ): RenderedMail {
    const locale = localeOf(delivery.locale);
    return this.templates.code({
      ...content,
      locale,
      platform: challenge.platform,
      place: labelOf(this.places.of(challenge.ipAddress), this.texts, locale),
      deviceName: challenge.deviceName,
      ipAddress: challenge.ipAddress,
      requestedAt: challenge.createdAt,
      expiresAt: challenge.expiresAt,
    } as CodeMail);
  }
}
