import { Field, ID, ObjectType } from 'type-graphql';
import type { AccountFacts } from '../api/session.js';
import { addressOf } from './addresses.js';
import { EmailAddress } from './email-address.js';

/** What the session that looks at an account decides of how it looks. */
export interface Onlooker {
  readonly id: string;
  readonly deviceId: string;
  readonly isTrusted: boolean;
}

@ObjectType({ description: 'The signed-in account, as its session sees it.' })
export class Account {
  @Field(() => ID)
  readonly id: string;
  @Field(() => EmailAddress)
  readonly email: string;
  @Field(() => ID, {
    nullable: true,
    description:
      "Null: the account is somebody's own (e-mail and password here). Else the product's id of its user: no password is held, and fields that ask for one are FORBIDDEN.",
  })
  readonly externalId: string | null;
  @Field(() => Date)
  readonly createdAt: Date;

  constructor(
    readonly row: AccountFacts,
    readonly session: Onlooker,
  ) {
    this.id = row.id;
    this.email = addressOf(row);
    this.externalId = row.externalId ?? null;
    this.createdAt = row.createdAt;
  }
}
