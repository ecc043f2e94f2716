import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { type BackendContext, requireScope } from '../api/caller.js';
import { NotFound } from '../api/errors.js';
import { findSession } from '../sessions/reach.js';
import { SessionsEnded } from '../sessions/sessions-ended.types.js';
import type { SignOuts } from './sign-outs.js';

@Resolver()
export class SessionEndsResolver {
  constructor(private readonly signOuts: SignOuts) {}

  @Mutation(() => SessionsEnded, {
    description:
      'Ends one session of your people, wherever its sockets are; one that is over already: 0. Its device stays trusted. Scope people.',
  })
  async endSession(
    @Ctx() context: BackendContext,
    @Arg('sessionId', () => ID) sessionId: string,
  ): Promise<SessionsEnded> {
    const caller = requireScope(context, 'people');
    const session = await findSession(context.db, caller, sessionId);
    if (!session) throw new NotFound('session');
    return new SessionsEnded(await this.signOuts.signOutFor(session, context.client.ipAddress));
  }
}
