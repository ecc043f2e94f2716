import { Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../api/context.js';
import { Account } from './account.types.js';
import { findAccount } from './accounts.js';

@Resolver(() => Account)
export class AccountsResolver {
  @Query(() => Account, {
    nullable: true,
    description: 'The signed-in account; null when the request carries no live session.',
  })
  async viewer(@Ctx() { db, session }: Context): Promise<Account | null> {
    const row = session && (await findAccount(db, session.accountId));
    return row && new Account(row, session);
  }
}
