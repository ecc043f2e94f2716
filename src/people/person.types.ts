import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { AccountRow } from '../accounts/account.entity.js';
import { addressOf } from '../accounts/addresses.js';
import { EmailAddress } from '../accounts/email-address.js';
import type { ActivityRow } from '../activity/activity.entity.js';
import type { DeliveryView } from '../challenges/challenge-views.js';
import type { PlatformName } from '../devices/device.entity.js';
import { Platform } from '../devices/device.types.js';
import type { SeenDevice } from '../devices/devices.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';

@ObjectType({ description: 'One of your people, for the support desk.' })
export class Person {
  @Field(() => ID)
  readonly accountId: string;
  @Field(() => ID, { nullable: true, description: 'Null: an own account.' })
  readonly externalId: string | null;
  @Field(() => EmailAddress)
  readonly email: string;
  @Field(() => Int, {
    description: 'Rises whenever a password changes, two-step is turned on or off, or any trust ends.',
  })
  readonly epoch: number;
  @Field(() => Boolean)
  readonly twoStepEnabled: boolean;

  constructor(row: AccountRow) {
    this.accountId = row.id;
    this.externalId = row.externalId ?? null;
    this.email = addressOf(row);
    this.epoch = row.epoch;
    this.twoStepEnabled = row.twoStepEnabledAt != null;
  }
}

@ObjectType({ description: 'A device of a person.' })
export class PersonDevice {
  @Field(() => ID)
  readonly id: string;
  @Field(() => String)
  readonly name: string;
  @Field(() => Platform)
  readonly platform: PlatformName;
  @Field(() => Boolean, { description: 'Whether it skips the second step.' })
  readonly isTrusted: boolean;
  @Field(() => Boolean, { description: 'Whether it holds an open subscription now, on any server.' })
  readonly isOnline: boolean;
  @Field(() => Boolean, { description: 'Whether it can be woken while no page is open.' })
  readonly hasPush: boolean;
  @Field(() => Boolean, { description: 'Whether codes are shown on it.' })
  readonly receivesCodes: boolean;
  @Field(() => Date)
  readonly lastSeenAt: Date;
  @Field(() => Date)
  readonly createdAt: Date;

  constructor(row: SeenDevice) {
    this.id = row.id;
    this.name = row.name;
    this.platform = row.platform;
    this.isTrusted = row.isTrusted;
    this.isOnline = row.isOnline;
    this.hasPush = row.hasPush;
    this.receivesCodes = row.isTrusted && row.receivesCodes;
    this.lastSeenAt = row.lastSeenAt;
    this.createdAt = row.createdAt;
  }
}

@ObjectType({ description: "Something that happened at a person's door." })
export class PersonActivity {
  @Field(() => String)
  readonly type: string;
  @Field(() => Date)
  readonly occurredAt: Date;
  @Field(() => String)
  readonly deviceName: string;
  @Field(() => String)
  readonly ipAddress: string;
  @Field(() => Int, { description: 'How often, where a flood of the same is one entry.' })
  readonly count: number;

  constructor(row: ActivityRow) {
    this.type = row.type;
    this.occurredAt = row.occurredAt;
    this.deviceName = row.deviceName;
    this.ipAddress = row.ipAddress;
    this.count = row.count;
  }
}

@ObjectType({ description: 'A send of a code, and what became of it.' })
export class PersonDelivery {
  @Field(() => VerificationMethod)
  readonly method: Method;
  @Field(() => String, { description: 'QUEUED, SENT, SEEN, RETRYING or FAILED.' })
  readonly state: string;
  @Field(() => String, { nullable: true, description: 'Why it is where it is, for programs.' })
  readonly reason: string | null;
  @Field(() => Date, { description: 'When it was asked for.' })
  readonly sentAt: Date;

  constructor(readonly view: DeliveryView) {
    this.method = view.method;
    this.state = view.state;
    this.reason = view.reason;
    this.sentAt = view.sentAt;
  }
}
