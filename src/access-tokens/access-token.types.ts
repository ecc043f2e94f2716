import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: "A proof for one of the product's services of who is signed in (RFC 9068)." })
export class AccessToken {
  @Field(() => String, {
    description: 'For the service alone: Authorization: Bearer. It holds ids, and no address.',
  })
  readonly token: string;
  @Field(() => Date)
  readonly expiresAt: Date;
  @Field(() => Int, { description: 'How long that is from this answer on.' })
  readonly expiresInSeconds: number;

  /** @param claims `iat` and `exp` of the token: the database's clock, as it was made */
  constructor(token: string, { iat, exp }: { readonly iat: number; readonly exp: number }) {
    this.token = token;
    this.expiresAt = new Date(1000 * exp);
    this.expiresInSeconds = exp - iat;
  }
}
