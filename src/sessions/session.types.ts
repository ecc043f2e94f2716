import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Device } from '../devices/device.types.js';
import type { ListedSession } from './sessions.js';

@ObjectType('Session', { description: 'A signed-in device of the account, until it is signed out.' })
export class AccountSession {
  @Field(() => ID)
  readonly id: string;
  @Field(() => Device)
  readonly device: Device;
  @Field(() => Boolean, { description: 'Whether it is the one that asks.' })
  readonly isCurrent: boolean;
  @Field(() => Date)
  readonly createdAt: Date;
  @Field(() => Date, {
    nullable: true,
    description: 'Noted at most once a minute; null until it is used for the first time.',
  })
  readonly lastUsedAt: Date | null;
  @Field(() => Date, { nullable: true, description: 'When a code was last typed for it; null if never.' })
  readonly provenAt: Date | null;
  @Field(() => Date, { description: 'When it is over if it is not used again.' })
  readonly expiresAt: Date;
  @Field(() => Int, { description: 'How long that is from this answer on.' })
  readonly expiresInSeconds: number;

  constructor(session: ListedSession, device: Device, isCurrent: boolean) {
    this.id = session.id;
    this.device = device;
    this.isCurrent = isCurrent;
    this.createdAt = session.createdAt;
    this.lastUsedAt = session.lastUsedAt ?? null;
    this.provenAt = session.provenAt ?? null;
    this.expiresAt = session.expiry.until;
    this.expiresInSeconds = session.expiry.seconds;
  }
}
