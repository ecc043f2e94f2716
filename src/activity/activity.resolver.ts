import { Arg, Ctx, FieldResolver, Int, Resolver, Root, Subscription } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { Device } from '../devices/device.types.js';
import type { DeviceLoader } from '../devices/device-loader.js';
import { Location } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import type { ActivityTypeName } from './activity.entity.js';
import { ActivityDay, ActivityType, LoginActivity, LoginActivityConnection } from './activity.types.js';
import { activityDays, activityPage } from './activity-pages.js';
import type { ActivityStream } from './activity-stream.js';

@Resolver(() => LoginActivity)
export class ActivityResolver {
  constructor(
    readonly stream: ActivityStream,
    private readonly devices: DeviceLoader,
    private readonly places: Places,
  ) {}

  @Subscription(() => LoginActivity, {
    name: 'loginActivity',
    description: "Each new entry of the account's sign-in activity; with `after`, a cursor, first those since then.",
    subscribe: ({ context, args }: { context: Context; args: { after?: string | null } }) =>
      context.resolver(ActivityResolver).stream.open(context, args.after ?? null),
  })
  loginActivityAdded(
    @Root() activity: LoginActivity,
    @Arg('after', () => String, { nullable: true }) _after?: string | null,
  ): LoginActivity {
    return activity;
  }

  @FieldResolver(() => Device, { nullable: true, description: 'Null when it was removed since, or never known.' })
  device(@Root() { row }: LoginActivity, @Ctx() context: Context): Promise<Device | null> {
    return this.devices.load(context, row.deviceId);
  }

  @FieldResolver(() => Location)
  location(@Root() { ipAddress }: LoginActivity): Location {
    return new Location(this.places.of(ipAddress));
  }
}

@Resolver(() => Account)
export class AccountActivityResolver {
  @FieldResolver(() => LoginActivityConnection, {
    description: "The account's sign-in activity, newest first (Relay cursor connection); at most 100 a page.",
  })
  loginActivity(
    @Root() account: Account,
    @Ctx() { db }: Context,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('types', () => [ActivityType], { nullable: true }) types?: ActivityTypeName[] | null,
    @Arg('since', () => Date, { nullable: true }) since?: Date | null,
  ): Promise<LoginActivityConnection> {
    const filter = { first, after: after ?? null, types: types ?? null, since: since ?? null };
    return activityPage(db, account.id, filter);
  }

  @FieldResolver(() => [ActivityDay], {
    description: 'Counts for a chart, one entry for each of the last days (UTC), at most 180.',
  })
  loginActivityByDay(
    @Root() account: Account,
    @Ctx() { db }: Context,
    @Arg('days', () => Int, { defaultValue: 30 }) days: number,
  ): Promise<ActivityDay[]> {
    return activityDays(db, account.id, days);
  }
}
