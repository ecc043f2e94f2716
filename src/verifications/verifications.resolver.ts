import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { type BackendContext, requireScope } from '../api/caller.js';
import type { Receipts } from './receipts.js';
import { RedeemReceiptResult, StartVerificationResult, Verification, VerificationInput } from './verification.types.js';
import type { Verifications } from './verifications.js';

@Resolver()
export class VerificationsResolver {
  constructor(
    private readonly verifications: Verifications,
    private readonly receipts: Receipts,
  ) {}

  @Query(() => Verification, {
    nullable: true,
    description:
      'What became of a verification that you started. VERIFIED is no proof; `redeemedAt` is: you have redeemed it, and the rest repeats what you were told. Scope verify.',
  })
  verification(
    @Ctx() context: BackendContext,
    @Arg('requestId', () => ID) requestId: string,
  ): Promise<Verification | null> {
    return this.verifications.find(context.db, requireScope(context, 'verify'), requestId);
  }

  @Mutation(() => StartVerificationResult, {
    description:
      "You have proven the first factor. Nothing is sent yet: the person's device begins with `beginVerification` of the public API, which knows its address, its device and its token. The same requestId and input give the same answer, however often and from wherever; other input is BAD_USER_INPUT. Scope verify.",
  })
  startVerification(
    @Ctx() context: BackendContext,
    @Arg('input', () => VerificationInput) input: VerificationInput,
  ): Promise<typeof StartVerificationResult> {
    return this.verifications.start(requireScope(context, 'verify'), input);
  }

  @Mutation(() => Verification, {
    description: 'Ends it, wherever the code is shown. One that is over already comes back unchanged. Scope verify.',
  })
  cancelVerification(
    @Ctx() context: BackendContext,
    @Arg('requestId', () => ID) requestId: string,
  ): Promise<Verification> {
    return this.verifications.cancel(requireScope(context, 'verify'), requestId);
  }

  @Mutation(() => RedeemReceiptResult, {
    description:
      "Exactly once, by the client that started it: what the person's device handed to you becomes a proof. Take requestId from your own half-signed-in session, never from the browser. It is the first use of the session that was opened. Scope verify.",
  })
  redeemReceipt(
    @Ctx() context: BackendContext,
    @Arg('requestId', () => ID) requestId: string,
    @Arg('receipt', () => String) receipt: string,
  ): Promise<typeof RedeemReceiptResult> {
    return this.receipts.redeem(requireScope(context, 'verify'), requestId, receipt);
  }
}
