import { Arg, Ctx, ID, Mutation, Resolver, registerEnumType } from 'type-graphql';
import { findPerson } from '../accounts/reach.js';
import { type BackendContext, requireScope } from '../api/caller.js';
import { enumOf } from '../api/enums.js';
import { NotFound } from '../api/errors.js';
import { requireOneOf } from '../api/ids.js';
import { ownerOfDevice } from '../devices/reach.js';
import { SessionsEnded } from '../sessions/sessions-ended.types.js';
import type { DeviceRemovals } from './device-removals.js';
import { type EndReasonName, endReasons, type TrustEnds } from './trust-ends.js';

const EndReason = enumOf(endReasons);
registerEnumType(EndReason, {
  name: 'EndReason',
  description: 'Why all trust ends.',
  valuesConfig: {
    PASSWORD_CHANGED: { description: 'The person has another password.' },
    PASSWORD_RESET: {
      description: 'The same, by a proof that was no password. Mail is held but for the devices that were trusted.',
    },
    SUSPECTED_THEFT: { description: 'A device may be in the wrong hands. Mail is held for every device.' },
    CLOSED: { description: 'Nobody is to be signed in there for now.' },
  },
});

@Resolver()
export class TrustEndsResolver {
  constructor(
    private readonly trustEnds: TrustEnds,
    private readonly removals: DeviceRemovals,
  ) {}

  @Mutation(() => SessionsEnded, {
    description:
      "All trust, sessions and pending challenges end, and the epoch rises. PASSWORD_RESET and SUSPECTED_THEFT hold mail as a reset does (RESET_HOLD_HOURS; SUSPECTED_THEFT for every device). Pauses stay; a stop by wrong codes is lifted by PASSWORD_CHANGED or PASSWORD_RESET at most once a day. `exceptSessionId`: the session that changed the password stays, with its device's trust. Scope people.",
  })
  async endTrust(
    @Ctx() context: BackendContext,
    @Arg('reason', () => EndReason) reason: EndReasonName,
    @Arg('accountId', () => ID, { nullable: true }) accountId?: string | null,
    @Arg('externalId', () => ID, { nullable: true }) externalId?: string | null,
    @Arg('exceptSessionId', () => ID, { nullable: true }) exceptSessionId?: string | null,
  ): Promise<SessionsEnded> {
    const caller = requireScope(context, 'people');
    requireOneOf({ accountId, externalId });
    const person = await findPerson(context.db, caller, { accountId, externalId });
    if (!person) throw new NotFound('person');
    const wish = { accountId: person.id, reason, exceptSessionId: exceptSessionId ?? null };
    return new SessionsEnded(await this.trustEnds.end({ ...wish, ipAddress: context.client.ipAddress }));
  }

  @Mutation(() => SessionsEnded, {
    description: 'Takes a device of your people away, as its owner could. Scope people.',
  })
  async removeDevice(
    @Ctx() context: BackendContext,
    @Arg('deviceId', () => ID) deviceId: string,
  ): Promise<SessionsEnded> {
    const caller = requireScope(context, 'people');
    const accountId = await ownerOfDevice(context.db, caller, deviceId);
    if (accountId === null) throw new NotFound('device');
    return new SessionsEnded(await this.removals.removeFrom(accountId, deviceId, context.client.ipAddress));
  }
}
