import { Field, Int, ObjectType } from 'type-graphql';
import type { Wait } from '../texts/times.js';

@ObjectType({ description: 'An address that carries a code, good for once and for a moment: open it at once.' })
export class HandOver {
  @Field(() => String)
  readonly url: string;
  @Field(() => Date, { description: 'When its code is good for nothing any more.' })
  readonly expiresAt: Date;
  @Field(() => Int, { description: 'How long that is from this answer on.' })
  readonly expiresInSeconds: number;

  constructor(url: URL, expiry: Wait) {
    this.url = url.href;
    this.expiresAt = expiry.until;
    this.expiresInSeconds = expiry.seconds;
  }
}
