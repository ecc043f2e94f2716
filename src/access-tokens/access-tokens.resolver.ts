import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import { AccessToken } from './access-token.types.js';
import type { AccessTokens } from './access-tokens.js';

@Resolver()
export class AccessTokensResolver {
  constructor(private readonly accessTokens: AccessTokens) {}

  @Mutation(() => AccessToken, {
    description:
      "A short-lived proof for one of the product's services (RFC 9068); FORBIDDEN without SIGNING_KEYS, NOT_FOUND for an audience that is not on the list.",
  })
  createAccessToken(@Ctx() context: Context, @Arg('audience', () => String) audience: string): Promise<AccessToken> {
    return this.accessTokens.create(context.db, requireSession(context), audience);
  }
}
