import { Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../api/context.js';
import { Account } from './account.types.js';

@Resolver(() => Account)
export class AccountsResolver {
  @Query(() => Account, {
    nullable: true,
    description: 'The signed-in account; null when the request carries no live session.',
  })
  viewer(@Ctx() { session }: Context): Account | null {
    return session && new Account(session.account, session);
  }
}
