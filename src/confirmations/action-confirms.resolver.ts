import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../api/context.js';
import { CODE_DESCRIPTION } from '../challenges/challenge.types.js';
import type { ActionConfirms } from './action-confirms.js';
import { ConfirmActionResult } from './action-confirms.types.js';

@Resolver()
export class ActionConfirmsResolver {
  constructor(private readonly confirms: ActionConfirms) {}

  @Mutation(() => ConfirmActionResult, {
    description:
      'Ends a CONFIRM or DISABLE_TWO_STEP challenge, while the session that asked is live; SIGN_IN and ENABLE_TWO_STEP that a backend started end in `verifyCode`, whose answer then has a receipt.',
  })
  confirmAction(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('code', () => String, { description: CODE_DESCRIPTION }) code: string,
  ): Promise<typeof ConfirmActionResult> {
    return this.confirms.confirm(context, token, code);
  }
}
