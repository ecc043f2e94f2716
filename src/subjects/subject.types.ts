import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { EmailAddress } from '../accounts/email-address.js';

@InputType({ description: 'A user of yours.' })
export class SubjectInput {
  @Field(() => ID, { description: '1 to 128 visible ASCII characters, compared byte by byte.' })
  readonly externalId!: string;
  @Field(() => EmailAddress)
  readonly email!: string;
  @Field(() => String, {
    nullable: true,
    description:
      'BCP 47; the nearest of ours is taken. Null: as it was, and English for a new one. While two-step is on it is the one in which somebody was let in last, whatever this says.',
  })
  readonly locale?: string | null;
}

@ObjectType({ description: 'What has become of the wish to delete a subject.' })
export class SubjectDeletion {
  @Field(() => ID)
  readonly externalId: string;
  @Field(() => Date, { nullable: true, description: 'Null: it waits, or was gone already.' })
  readonly deletedAt: Date | null;
  @Field(() => Date, {
    nullable: true,
    description: 'Until then nothing goes, and a trusted device or the mailbox may stop it; null: nothing is left.',
  })
  readonly waitsUntil: Date | null;
  @Field(() => Int)
  readonly sessionsEnded: number;

  constructor({ externalId, deletedAt, waitsUntil, sessionsEnded }: SubjectDeletion) {
    this.externalId = externalId;
    this.deletedAt = deletedAt;
    this.waitsUntil = waitsUntil;
    this.sessionsEnded = sessionsEnded;
  }
}
