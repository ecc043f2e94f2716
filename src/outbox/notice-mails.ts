import type { Brand, NoticeMail } from '../mail/mail-data.js';
import type { MailTemplates, RenderedMail } from '../mail/templates.js';
import { labelOf } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import { localeOf, type Texts } from '../texts/texts.js';
import type { DeliveryRow } from './delivery.entity.js';

/** Writes security notices. */
export class NoticeMails {
  constructor(
    private readonly templates: MailTemplates,
    private readonly places: Places,
    private readonly texts: Texts,
  ) {}

  /** @returns null if the delivery is no notice, or one that carries a code */
  compose(delivery: DeliveryRow, brand: Brand | null): RenderedMail | null {
    const { notice } = delivery;
    if (!notice || notice === 'HELD_CHANGE' || !delivery.facts) return null;
    const locale = localeOf(delivery.locale);
    const { deviceName, platform, ipAddress, more } = delivery.facts;
    return this.templates.notice({
      kind: more === undefined ? notice : 'NEW_DEVICES',
      locale,
      brand,
      deviceName,
      platform: platform as NoticeMail['platform'],
      place: ipAddress && labelOf(this.places.of(ipAddress), this.texts, locale),
      ipAddress,
      occurredAt: delivery.createdAt,
      more,
    });
  }
}
