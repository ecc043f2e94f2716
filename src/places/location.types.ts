import { Ctx, Field, Float, Int, ObjectType } from 'type-graphql';
import type { Context } from '../api/context.js';
import type { Locale, Texts } from '../texts/texts.js';
import { type Place, placeLabel } from './places.js';

/** A place in words, in a reader's language. */
export function labelOf(place: Place, texts: Texts, locale: Locale): string {
  return placeLabel(place, locale, {
    privateNetwork: texts.t(locale, 'place.privateNetwork'),
    unknownPlace: texts.t(locale, 'place.unknown'),
  });
}

@ObjectType({
  description: "Where an IP address is registered; never GPS, and often the provider's town rather than the person's.",
})
export class Location {
  @Field(() => String, { nullable: true })
  readonly city: string | null = null;
  @Field(() => String, { nullable: true })
  readonly region: string | null = null;
  @Field(() => String, { nullable: true, description: 'ISO 3166-1 alpha-2.' })
  readonly countryCode: string | null = null;
  @Field(() => Float, {
    nullable: true,
    description: 'Degrees, WGS 84, of the middle of the area; null where the place is unknown.',
  })
  readonly latitude: number | null = null;
  @Field(() => Float, { nullable: true, description: 'Degrees, WGS 84.' })
  readonly longitude: number | null = null;
  @Field(() => Int, { nullable: true, description: 'Kilometres around the point in which the address probably is.' })
  readonly accuracyRadiusKm: number | null = null;

  constructor(private readonly place: Place) {
    if (place.kind !== 'known') return;
    this.city = place.city;
    this.region = place.region;
    this.countryCode = place.countryCode;
    this.latitude = place.latitude;
    this.longitude = place.longitude;
    this.accuracyRadiusKm = place.accuracyRadiusKm;
  }

  @Field(() => String, { description: "For people: 'Lisbon, Portugal', 'Private network', 'Unknown location'." })
  label(@Ctx() { texts, client }: Context): string {
    return labelOf(this.place, texts, client.locale);
  }
}
