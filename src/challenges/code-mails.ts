import { raw, sql } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Codes } from '../codes/codes.js';
import type { CodeMail } from '../mail/mail-data.js';
import type { MailTemplates, RenderedMail } from '../mail/templates.js';
import type { DeliveryRow } from '../outbox/delivery.entity.js';
import { labelOf } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import { rowOf } from '../sql/rows.js';
import { localeOf, type Texts } from '../texts/texts.js';
import { ChallengeRow } from './challenge.entity.js';

// The worker's database role may not read the hashes of passwords and tokens, so the columns are named.
const mailColumns = raw(
  `c.id, c.account_id, c.purpose, c.key_id, c.salt, c.code_length, c.email, c.platform, c.device_name, c.ip_address,
   c.locale, c.created_at, c.expires_at`,
);

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
  async compose(em: EntityManager, delivery: DeliveryRow): Promise<RenderedMail | null> {
    const challenge = await this.giveCode(em, delivery);
    if (challenge) {
      return this.render(challenge, delivery, { kind: challenge.purpose, code: this.codes.of(challenge) });
    }
    const taken = await this.signUpOfTakenAddress(em, delivery);
    return taken && this.render(taken, delivery, { kind: 'SIGN_UP_TAKEN' });
  }

  /** Notes that the code is given to the mail server, if the challenge still takes it: the account's, or a new one's. */
  private giveCode(em: EntityManager, delivery: DeliveryRow): Promise<ChallengeRow | null> {
    return rowOf(
      em,
      ChallengeRow,
      sql`update challenge c
          set mailed_at = coalesce(mailed_at, clock_timestamp()), code_given_at = coalesce(code_given_at, clock_timestamp())
          where c.id = ${delivery.challengeId ?? null} and c.state = 'PENDING' and c.expires_at > clock_timestamp()
            and case when c.purpose = 'SIGN_UP' then not exists (select 1 from account a where a.email = c.email)
              else exists (select 1 from account a where a.id = c.account_id and (c.epoch is null or a.epoch = c.epoch)) end
          returning ${mailColumns}`,
    );
  }

  /** Who signs up with an address that has an account is told so, in its mailbox alone. */
  private signUpOfTakenAddress(em: EntityManager, delivery: DeliveryRow): Promise<ChallengeRow | null> {
    return rowOf(
      em,
      ChallengeRow,
      sql`select ${mailColumns} from challenge c
          where c.id = ${delivery.challengeId ?? null} and c.state = 'PENDING' and c.expires_at > clock_timestamp()
            and c.purpose = 'SIGN_UP' and exists (select 1 from account a where a.email = c.email)`,
    );
  }

  private render(
    challenge: ChallengeRow,
    delivery: DeliveryRow,
    content: Pick<CodeMail, 'kind' | 'code'>,
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
