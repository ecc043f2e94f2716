import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { EmailAddress } from '../accounts/email-address.js';
import { heldChanges } from '../accounts/held-changes.js';
import { findPerson } from '../accounts/reach.js';
import { activityPage } from '../activity/activity-pages.js';
import { type BackendContext, requireScope } from '../api/caller.js';
import { requireCount, requireOneOf } from '../api/ids.js';
import type { AccountLimits } from '../challenges/account-limits.js';
import type { ChallengeViews } from '../challenges/challenge-views.js';
import { hintFor } from '../challenges/delivery-hints.js';
import type { Devices } from '../devices/devices.js';
import { Person, PersonActivity, PersonDelivery, PersonDevice } from '../people/person.types.js';
import { LiveSession } from '../sessions/live-session.types.js';
import type { LiveSessions } from '../sessions/live-sessions.js';

const DELIVERIES_MOST = 50;

@Resolver(() => Person)
export class PersonsResolver {
  constructor(
    private readonly devicesOf: Devices,
    private readonly liveSessions: LiveSessions,
    private readonly views: ChallengeViews,
    private readonly accountLimits: AccountLimits,
  ) {}

  @Query(() => Person, {
    nullable: true,
    description:
      'One of your people, for the support desk: exactly one of the two ids. Null: nobody, or nobody of yours. Scope people.',
  })
  async person(
    @Ctx() context: BackendContext,
    @Arg('accountId', () => ID, { nullable: true }) accountId?: string | null,
    @Arg('externalId', () => ID, { nullable: true }) externalId?: string | null,
  ): Promise<Person | null> {
    const caller = requireScope(context, 'people');
    requireOneOf({ accountId, externalId });
    const account = await findPerson(context.db, caller, { accountId, externalId });
    return account && new Person(account);
  }

  @FieldResolver(() => EmailAddress, {
    nullable: true,
    description: 'Asked for by putSubject, and not in force yet.',
  })
  async pendingEmail(@Root() { accountId }: Person, @Ctx() { db }: BackendContext): Promise<string | null> {
    const held = await heldChanges(db, accountId);
    return held.find(({ kind }) => kind === 'ADDRESS')?.email ?? null;
  }

  @FieldResolver(() => [PersonDevice], { description: 'Every device that was not removed, the latest seen first.' })
  async devices(@Root() { accountId }: Person, @Ctx() { db }: BackendContext): Promise<PersonDevice[]> {
    const devices = await this.devicesOf.list(db, accountId);
    return devices.map((device) => new PersonDevice(device));
  }

  @FieldResolver(() => [LiveSession], { description: 'At most 200, the latest used first.' })
  sessions(@Root() { accountId }: Person, @Ctx() { db, caller }: BackendContext): Promise<LiveSession[]> {
    return this.liveSessions.ofAccount(db, caller, accountId);
  }

  @FieldResolver(() => [PersonActivity], { description: 'What happened, newest first; at most 100.' })
  async activity(
    @Root() { accountId }: Person,
    @Ctx() { db }: BackendContext,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
  ): Promise<PersonActivity[]> {
    const { edges } = await activityPage(db, accountId, { first, after: null, types: null, since: null });
    return edges.map(({ node }) => new PersonActivity(node.row));
  }

  @FieldResolver(() => [PersonDelivery], {
    description: 'The last sends of codes and what became of them, newest first; at most 50.',
  })
  async deliveries(
    @Root() { accountId }: Person,
    @Ctx() { db }: BackendContext,
    @Arg('first', () => Int, { defaultValue: 10 }) first: number,
  ): Promise<PersonDelivery[]> {
    requireCount('first', first, DELIVERIES_MOST);
    const views = await this.views.lastDeliveries(db, accountId, first);
    return views.map((view) => new PersonDelivery(view));
  }

  @FieldResolver(() => Date, {
    nullable: true,
    description: 'New devices wait until then. Null too where only another password ends the wait.',
  })
  async lockedUntil(@Root() { accountId }: Person, @Ctx() { db }: BackendContext): Promise<Date | null> {
    const locked = await this.accountLimits.lockOf(db, accountId);
    return locked?.retryAt ?? null;
  }
}

@Resolver(() => PersonDelivery)
export class PersonDeliveriesResolver {
  @FieldResolver(() => String, {
    nullable: true,
    description: 'The same for people, in the language of `Accept-Language`; null where there is nothing left to do.',
  })
  hint(@Root() { view }: PersonDelivery, @Ctx() { texts, client }: BackendContext): string | null {
    return hintFor(view, texts, client.locale);
  }
}
