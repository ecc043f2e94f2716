import { Field, InputType } from 'type-graphql';

@InputType({ description: 'A push subscription, as the browser or the UnifiedPush distributor gave it.' })
export class PushSubscriptionInput {
  @Field(() => String, { description: 'https, as it was given; at most 2048 characters.' })
  endpoint!: string;
  @Field(() => String, { description: 'P-256 public key of the subscription, base64url.' })
  p256dh!: string;
  @Field(() => String, { description: 'Its authentication secret, base64url, 16 bytes.' })
  auth!: string;
  @Field(() => String, {
    nullable: true,
    description:
      'The `pushKey` that it was made under (`applicationServerKey`), base64url: it is good for as long as the server has that key. BAD_USER_INPUT: it has it no more, so subscribe anew. Left out: that of now, or the one that the same endpoint was registered with before.',
  })
  pushKey?: string | null;
}
