import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { EmailAddress } from '../accounts/email-address.js';
import { enumOf } from '../api/enums.js';
import { type SessionReason as Reason, sessionReasons } from './session.entity.js';

const SessionReason = enumOf(sessionReasons);
registerEnumType(SessionReason, { name: 'SessionReason', description: 'Why a session could be opened.' });

/** A session of one of an API client's people, as it is read for that client. */
export interface LiveSessionFacts {
  readonly id: string;
  readonly accountId: string;
  readonly externalId: string | null;
  readonly email: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly isTrusted: boolean;
  readonly reason: Reason;
  readonly provenAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date;
  /** Whole seconds until then, or until the access token that named it is over, by the database's clock. */
  readonly secondsLeft: number;
}

@ObjectType({ description: 'Somebody who is signed in on a device.' })
export class LiveSession {
  @Field(() => ID)
  readonly id: string;
  @Field(() => ID)
  readonly accountId: string;
  @Field(() => ID, { nullable: true, description: 'Your id, where the account is a subject of yours; else null.' })
  readonly externalId: string | null;
  @Field(() => EmailAddress)
  readonly email: string;
  @Field(() => ID)
  readonly deviceId: string;
  @Field(() => String)
  readonly deviceName: string;
  @Field(() => Boolean, { description: 'Whether the device skips the second step.' })
  readonly isTrusted: boolean;
  @Field(() => SessionReason)
  readonly reason: Reason;
  @Field(() => Date, { nullable: true, description: 'When a code was last typed for this session; null if never.' })
  readonly provenAt: Date | null;
  @Field(() => Date)
  readonly createdAt: Date;
  @Field(() => Date, { nullable: true, description: 'Null until its token has come for the first time.' })
  readonly lastUsedAt: Date | null;
  @Field(() => Date, { description: 'When it is over if it is not used before.' })
  readonly expiresAt: Date;
  @Field(() => Int, {
    description:
      'For how many seconds a process may keep this, if its own feed was heard within 2 s and brought no event of that account and no break since the check was asked; every other process: 0. On any event of an account drop all you hold of it.',
  })
  readonly mayBeKept: number;

  /** @param keepSeconds for how long the one who asks may keep an answer at all */
  constructor(facts: LiveSessionFacts, keepSeconds: number) {
    this.id = facts.id;
    this.accountId = facts.accountId;
    this.externalId = facts.externalId;
    this.email = facts.email;
    this.deviceId = facts.deviceId;
    this.deviceName = facts.deviceName;
    this.isTrusted = facts.isTrusted;
    this.reason = facts.reason;
    this.provenAt = facts.provenAt;
    this.createdAt = facts.createdAt;
    this.lastUsedAt = facts.lastUsedAt;
    this.expiresAt = facts.expiresAt;
    // What lapses unused has no event.
    this.mayBeKept = Math.max(0, Math.min(keepSeconds, facts.secondsLeft));
  }
}
