import { Field, ID, ObjectType } from 'type-graphql';
import type { Session } from '../sessions/sessions.js';
import type { AccountRow } from './account.entity.js';
import { EmailAddress } from './email-address.js';

@ObjectType({ description: 'The signed-in account, as its session sees it.' })
export class Account {
  @Field(() => ID)
  readonly id: string;
  @Field(() => EmailAddress)
  readonly email: string;
  @Field(() => Date)
  readonly createdAt: Date;

  constructor(
    readonly row: AccountRow,
    /** The session that looks at it; what is the current device's is decided by this one. */
    readonly session: Pick<Session, 'deviceId' | 'isTrusted'>,
  ) {
    this.id = row.id;
    this.email = row.email;
    this.createdAt = row.createdAt;
  }
}
