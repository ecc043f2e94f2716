import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { browserNameOf } from '../accounts/addresses.js';
import type { SignOuts } from '../activity/sign-outs.js';
import type { Context } from '../api/context.js';
import { Challenge, CODE_DESCRIPTION } from '../challenges/challenge.types.js';
import { DeviceInput, descriptionOf } from '../devices/device.types.js';
import type { CodeSignIns } from './code-sign-ins.js';
import { BeginVerificationResult, SignedIn, SignInInput, SignInResult, VerifyCodeResult } from './sign-in.types.js';
import type { SignIns } from './sign-ins.js';
import { SignUpInput, SignUpResult } from './sign-up.types.js';
import type { SignUps } from './sign-ups.js';
import type { VerificationBeginnings } from './verification-beginnings.js';

@Resolver()
export class SignInResolver {
  constructor(
    private readonly signUps: SignUps,
    private readonly signIns: SignIns,
    private readonly codeSignIns: CodeSignIns,
    private readonly beginnings: VerificationBeginnings,
    private readonly signOuts: SignOuts,
  ) {}

  @Mutation(() => SignUpResult, {
    description: 'Starts an account. Answers the same whether or not the address is taken; the mail differs.',
  })
  signUp(
    @Ctx() context: Context,
    @Arg('input', () => SignUpInput) { email, password, device }: SignUpInput,
  ): Promise<typeof SignUpResult> {
    return this.signUps.signUp(context, { email, password, device: descriptionOf(device) });
  }

  @Mutation(() => SignInResult, { description: 'Signs in, or starts the second step.' })
  async signIn(
    @Ctx() context: Context,
    @Arg('input', () => SignInInput) { email, password, device, deviceToken, replaces }: SignInInput,
  ): Promise<typeof SignInResult> {
    const presented = deviceToken ?? context.cookies?.deviceToken(email) ?? null;
    const earlier = { heldToken: replaces ?? null, givenId: context.cookies?.challengeId() ?? null };
    const credentials = { email, password, device: descriptionOf(device), deviceToken: presented, earlier };
    const outcome = await this.signIns.signIn(context, credentials);
    if (outcome instanceof Challenge) context.cookies?.keepChallenge(outcome.id);
    return this.intoCookies(context, outcome);
  }

  @Mutation(() => BeginVerificationResult, {
    description:
      "Begins a verification that the product's backend started: the person's device says what it is, and shows its token itself (no token passes through a backend). SIGN_IN on a trusted device: signed in, with a receipt, no code. Else the first code goes out now, and the challenge goes on as any other. Once it has begun, this answers with the same challenge.",
  })
  async beginVerification(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('device', () => DeviceInput) device: DeviceInput,
    @Arg('deviceToken', () => String, { nullable: true }) deviceToken?: string | null,
  ): Promise<typeof BeginVerificationResult> {
    const { cookies } = context;
    const outcome = await this.beginnings.begin(context, {
      token,
      device: descriptionOf(device),
      deviceTokenOf: (accountId) => deviceToken ?? cookies?.deviceToken(accountId) ?? null,
      earlier: { heldToken: null, givenId: cookies?.challengeId() ?? null },
    });
    if (outcome instanceof Challenge && outcome.purpose === 'SIGN_IN') cookies?.keepChallenge(outcome.id);
    return this.intoCookies(context, outcome);
  }

  @Mutation(() => VerifyCodeResult, {
    description:
      'Ends a SIGN_UP or SIGN_IN challenge with a session; an ENABLE_TWO_STEP challenge too where a backend started it, on a device that is trusted from then on.',
  })
  async verifyCode(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('code', () => String, { description: CODE_DESCRIPTION }) code: string,
    @Arg('trustDevice', () => Boolean, { defaultValue: true }) trustDevice: boolean,
  ): Promise<typeof VerifyCodeResult> {
    return this.intoCookies(context, await this.codeSignIns.verify(context, token, code, trustDevice));
  }

  /**
   * Puts the tokens of somebody who is signed in now into cookies, where the client asks for that. The session that they
   * take the place of is over: nobody could sign it out any more, and a copy of its token would live on (ASVS 7.2.4).
   */
  private async intoCookies<Outcome extends object>(context: Context, outcome: Outcome): Promise<Outcome | SignedIn> {
    const { session, client, cookies } = context;
    if (!cookies || !(outcome instanceof SignedIn)) return outcome;
    if (session) await this.signOuts.signOut(session, client.ipAddress);
    const { sessionToken, deviceToken, account } = outcome;
    if (sessionToken && deviceToken) cookies.keep({ account: browserNameOf(account.row), sessionToken, deviceToken });
    return outcome.withoutTokens();
  }
}
