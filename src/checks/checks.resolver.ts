import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { type BackendContext, requireScope } from '../api/caller.js';
import { requireOneOf } from '../api/ids.js';
import { LiveSession } from '../sessions/live-session.types.js';
import type { Checks } from './checks.js';
import { IP } from './ip.js';

@Resolver()
export class ChecksResolver {
  constructor(private readonly checks: Checks) {}

  @Query(() => LiveSession, {
    nullable: true,
    description:
      "Who is signed in? By a session's or an access token, or by a session's id, exactly one of the two. Null: nobody, any more, or nobody of yours. Asking moves no address and no last-seen, unless `usedFrom` says from which address the person came just now; but a token that you present has arrived, so the first check stops the clock of an unused session. Scope check.",
  })
  session(
    @Ctx() context: BackendContext,
    @Arg('token', () => String, { nullable: true }) token?: string | null,
    @Arg('id', () => ID, { nullable: true }) id?: string | null,
    @Arg('usedFrom', () => IP, { nullable: true }) usedFrom?: string | null,
  ): Promise<LiveSession | null> {
    const caller = requireScope(context, 'check');
    requireOneOf({ token, id });
    return this.checks.session(context.db, caller, {
      token: token ?? null,
      id: id ?? null,
      usedFrom: usedFrom ?? null,
    });
  }
}
