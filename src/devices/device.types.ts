import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { enumOf } from '../api/enums.js';
import { PlainText } from '../api/plain-text.js';
import { type PlatformName, platforms } from './device.entity.js';
import type { DeviceDescription, SeenDevice } from './devices.js';

export const Platform = enumOf(platforms);
registerEnumType(Platform, { name: 'Platform', description: 'What a device runs.' });

/** Of a device's name, in characters. */
export const NAME_BOUNDS = { min: 1, max: 64 } as const;

@ObjectType({ description: 'A device that has signed in to the account.' })
export class Device {
  @Field(() => ID)
  readonly id: string;
  @Field(() => String)
  readonly name: string;
  @Field(() => String, { nullable: true })
  readonly model: string | null;
  @Field(() => Platform)
  readonly platform: PlatformName;
  @Field(() => String, { nullable: true })
  readonly osVersion: string | null;
  @Field(() => String, { nullable: true })
  readonly appVersion: string | null;
  @Field(() => Boolean, { description: 'Whether it is the device of this session.' })
  readonly isCurrent: boolean;
  @Field(() => Boolean, { description: 'Whether it skips the second step.' })
  readonly isTrusted: boolean;
  @Field(() => Date, { nullable: true })
  readonly trustedAt: Date | null;
  @Field(() => Date, { nullable: true, description: 'When the trust lapses if the device is not used again.' })
  readonly trustExpiresAt: Date | null;
  @Field(() => Int, { nullable: true, description: 'How long that is, by the server.' })
  readonly trustExpiresInSeconds: number | null;
  @Field(() => Boolean, {
    description: 'Whether the app on it may show notifications; the app reports this itself (`updateCurrentDevice`).',
  })
  readonly notificationsEnabled: boolean;
  @Field(() => Boolean, { description: 'Whether it holds an open subscription now, on any server.' })
  readonly isOnline: boolean;
  @Field(() => Boolean, { description: 'Whether its push subscription is alive: codes reach it with no page open.' })
  readonly hasPush: boolean;
  @Field(() => Boolean, {
    description:
      "The owner's choice: whether codes are shown on it while it is trusted. A trusted tablet in the living room skips the second step and shows no codes.",
  })
  readonly receivesCodes: boolean;
  @Field(() => Date)
  readonly lastSeenAt: Date;
  @Field(() => String)
  readonly lastIpAddress: string;
  @Field(() => Date)
  readonly createdAt: Date;

  /** @param currentDeviceId null where nobody's session looks at it */
  constructor(row: SeenDevice, currentDeviceId: string | null) {
    this.id = row.id;
    this.name = row.name;
    this.model = row.model ?? null;
    this.platform = row.platform;
    this.osVersion = row.osVersion ?? null;
    this.appVersion = row.appVersion ?? null;
    this.isCurrent = row.id === currentDeviceId;
    this.isTrusted = row.isTrusted;
    this.trustedAt = row.isTrusted ? (row.trustedAt ?? null) : null;
    this.trustExpiresAt = row.trust?.until ?? null;
    this.trustExpiresInSeconds = row.trust?.seconds ?? null;
    this.notificationsEnabled = row.notificationsEnabled;
    this.isOnline = row.isOnline;
    this.hasPush = row.hasPush;
    this.receivesCodes = row.receivesCodes;
    this.lastSeenAt = row.lastSeenAt;
    this.lastIpAddress = row.lastIpAddress;
    this.createdAt = row.createdAt;
  }
}

@InputType({ description: 'What a client says of the device that it runs on.' })
export class DeviceInput {
  @PlainText(NAME_BOUNDS)
  @Field(() => String, {
    description:
      "What cannot be seen is left out, and what is past 64 characters; something has to be left. Counts on a new device only; afterwards the owner's name for it stands.",
  })
  name!: string;
  @PlainText({ min: 0, max: 64 })
  @Field(() => String, { nullable: true, description: 'Cut to 64 characters.' })
  model?: string | null;
  @Field(() => Platform)
  platform!: PlatformName;
  @PlainText({ min: 0, max: 32 })
  @Field(() => String, { nullable: true, description: 'Cut to 32 characters.' })
  osVersion?: string | null;
  @PlainText({ min: 0, max: 32 })
  @Field(() => String, { nullable: true, description: 'Cut to 32 characters.' })
  appVersion?: string | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Left out: unchanged on a device that is known, true on a new one.',
  })
  notificationsEnabled?: boolean | null;
}

@InputType({ description: 'What the app on the current device reports about itself; what is left out stays as it is.' })
export class UpdateDeviceInput {
  @Field(() => Boolean, { nullable: true })
  notificationsEnabled?: boolean | null;
  @PlainText({ min: 0, max: 32 })
  @Field(() => String, { nullable: true, description: 'Cut to 32 characters.' })
  osVersion?: string | null;
  @PlainText({ min: 0, max: 32 })
  @Field(() => String, { nullable: true, description: 'Cut to 32 characters.' })
  appVersion?: string | null;
}

/** The input as operations take it: nothing is undefined. */
export function descriptionOf(input: DeviceInput): DeviceDescription {
  return {
    name: input.name,
    model: input.model ?? null,
    platform: input.platform,
    osVersion: input.osVersion ?? null,
    appVersion: input.appVersion ?? null,
    notificationsEnabled: input.notificationsEnabled ?? null,
  };
}
