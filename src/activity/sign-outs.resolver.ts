import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import type { SignOuts } from './sign-outs.js';

@ObjectType({ description: 'Sessions that are over now.' })
export class SignedOut {
  @Field(() => Int)
  readonly sessionsEnded: number;

  constructor(sessionsEnded: number) {
    this.sessionsEnded = sessionsEnded;
  }
}

@Resolver()
export class SignOutsResolver {
  constructor(private readonly signOuts: SignOuts) {}

  @Mutation(() => SignedOut, { description: 'Ends this session; the device stays trusted.' })
  async signOut(@Ctx() context: Context): Promise<SignedOut> {
    const session = requireSession(context);
    const ended = await this.signOuts.signOut(session, context.client.ipAddress);
    context.cookies?.dropSession();
    return new SignedOut(ended);
  }

  @Mutation(() => SignedOut, {
    description: 'Ends one session of the account, wherever its sockets are. One that is over already: 0.',
  })
  async endSession(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<SignedOut> {
    const session = requireSession(context);
    const ended = await this.signOuts.end(session, id, context.client.ipAddress);
    if (id === session.id) context.cookies?.dropSession();
    return new SignedOut(ended);
  }

  @Mutation(() => SignedOut, { description: 'Ends every other session of the account.' })
  async signOutOtherSessions(@Ctx() context: Context): Promise<SignedOut> {
    const session = requireSession(context);
    return new SignedOut(await this.signOuts.signOutOthers(session, context.client.ipAddress));
  }
}
