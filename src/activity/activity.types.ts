import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { enumOf } from '../api/enums.js';
import type { PlatformName } from '../devices/device.entity.js';
import { Platform } from '../devices/device.types.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';
import { type ActivityRow, type ActivityTypeName, activityTypes } from './activity.entity.js';
import { cursorOf } from './cursors.js';

export const ActivityType = enumOf(activityTypes);
registerEnumType(ActivityType, { name: 'ActivityType', description: "What can happen at an account's door." });

@ObjectType({ description: "An entry of the account's sign-in activity." })
export class LoginActivity {
  @Field(() => ID)
  readonly id: string;
  @Field(() => ActivityType)
  readonly type: ActivityTypeName;
  @Field(() => Date)
  readonly occurredAt: Date;
  @Field(() => String, {
    description:
      'Empty where the password was wrong, on a device that the account does not know: nobody else names it.',
  })
  readonly deviceName: string;
  @Field(() => Platform)
  readonly platform: PlatformName;
  @Field(() => VerificationMethod, {
    nullable: true,
    description: "How the second step was done, where there was one: EMAIL if that challenge's code was ever mailed.",
  })
  readonly method: Method | null;
  @Field(() => String)
  readonly ipAddress: string;
  @Field(() => Int, { description: 'How often, where a flood of the same is one entry.' })
  readonly count: number;
  @Field(() => Boolean)
  readonly isNewDevice: boolean;
  @Field(() => Boolean, {
    description: 'A country not seen in the kept activity; false where the place is unknown or private.',
  })
  readonly isNewLocation: boolean;

  constructor(readonly row: ActivityRow) {
    this.id = row.id;
    this.type = row.type;
    this.occurredAt = row.occurredAt;
    this.deviceName = row.deviceName;
    this.platform = row.platform;
    this.method = row.method ?? null;
    this.ipAddress = row.ipAddress;
    this.count = row.count;
    this.isNewDevice = row.isNewDevice;
    this.isNewLocation = row.isNewLocation;
  }
}

@ObjectType({ description: 'Counts of one day.' })
export class ActivityDay {
  @Field(() => Date, { description: 'The day, at 00:00 UTC.' })
  readonly day: Date;
  @Field(() => Int)
  readonly signedIn: number;
  @Field(() => Int, { description: 'Wrong passwords, wrong codes, denials and locks.' })
  readonly refused: number;

  constructor(day: Date, signedIn: number, refused: number) {
    this.day = day;
    this.signedIn = signedIn;
    this.refused = refused;
  }
}

@ObjectType()
export class LoginActivityEdge {
  @Field(() => String)
  readonly cursor: string;
  @Field(() => LoginActivity)
  readonly node: LoginActivity;

  constructor(row: ActivityRow) {
    this.cursor = cursorOf(row.number);
    this.node = new LoginActivity(row);
  }
}

@ObjectType({ description: 'Relay cursor connections, section 5.' })
export class PageInfo {
  @Field(() => Boolean)
  readonly hasNextPage: boolean;
  @Field(() => Boolean)
  readonly hasPreviousPage: boolean;
  @Field(() => String, { nullable: true })
  readonly startCursor: string | null;
  @Field(() => String, { nullable: true })
  readonly endCursor: string | null;

  constructor(edges: readonly LoginActivityEdge[], hasNextPage: boolean, hasPreviousPage: boolean) {
    this.hasNextPage = hasNextPage;
    this.hasPreviousPage = hasPreviousPage;
    this.startCursor = edges[0]?.cursor ?? null;
    this.endCursor = edges.at(-1)?.cursor ?? null;
  }
}

@ObjectType()
export class LoginActivityConnection {
  @Field(() => [LoginActivityEdge])
  readonly edges: readonly LoginActivityEdge[];
  @Field(() => PageInfo)
  readonly pageInfo: PageInfo;

  constructor(edges: readonly LoginActivityEdge[], pageInfo: PageInfo) {
    this.edges = edges;
    this.pageInfo = pageInfo;
  }
}
