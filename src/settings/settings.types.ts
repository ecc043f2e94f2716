import { Field, Int, ObjectType } from 'type-graphql';
import { type Locale, locales } from '../texts/texts.js';

@ObjectType({ description: 'What a client has to know before anything else.' })
export class Settings {
  @Field(() => String, { description: 'What people are told the product is called.' })
  readonly productName: string;
  @Field(() => String, {
    nullable: true,
    description: 'VAPID public key (RFC 8292), base64url; null where push is off.',
  })
  readonly pushKey: string | null;
  @Field(() => Int, { description: 'The fewest characters of a new password.' })
  readonly passwordMinLength: number;
  @Field(() => [String], {
    description: 'The languages that texts and mails come in, as `Accept-Language` names them.',
  })
  readonly languages: readonly Locale[] = locales;
  @Field(() => String, { nullable: true, description: 'Where people find help: an address, a page, a number.' })
  readonly supportContact: string | null;

  constructor(settings: Pick<Settings, 'productName' | 'pushKey' | 'passwordMinLength' | 'supportContact'>) {
    this.productName = settings.productName;
    this.pushKey = settings.pushKey;
    this.passwordMinLength = settings.passwordMinLength;
    this.supportContact = settings.supportContact;
  }
}
