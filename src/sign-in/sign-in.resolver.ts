import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../api/context.js';
import { descriptionOf } from '../devices/device.types.js';
import { SignedIn, SignInInput, SignInResult, VerifyCodeResult } from './sign-in.types.js';
import type { SignIns } from './sign-ins.js';
import { SignUpInput, SignUpResult } from './sign-up.types.js';
import type { SignUps } from './sign-ups.js';
import type { Verifications } from './verifications.js';

@Resolver()
export class SignInResolver {
  constructor(
    private readonly signUps: SignUps,
    private readonly signIns: SignIns,
    private readonly verifications: Verifications,
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
    @Arg('input', () => SignInInput) { email, password, device, deviceToken }: SignInInput,
  ): Promise<typeof SignInResult> {
    const presented = deviceToken ?? context.cookies?.deviceToken(email) ?? null;
    const credentials = { email, password, device: descriptionOf(device), deviceToken: presented };
    return intoCookies(context, await this.signIns.signIn(context, credentials));
  }

  @Mutation(() => VerifyCodeResult, { description: 'Ends a SIGN_UP or SIGN_IN challenge with a session.' })
  async verifyCode(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('code', () => String) code: string,
    @Arg('trustDevice', () => Boolean, { defaultValue: true }) trustDevice: boolean,
  ): Promise<typeof VerifyCodeResult> {
    return intoCookies(context, await this.verifications.verify(context, token, code, trustDevice));
  }
}

/** Puts the tokens of somebody who is signed in now into cookies, where the client asks for that. */
function intoCookies<Outcome extends object>({ cookies }: Context, outcome: Outcome): Outcome | SignedIn {
  if (!cookies || !(outcome instanceof SignedIn)) return outcome;
  const { sessionToken, deviceToken, account } = outcome;
  if (sessionToken && deviceToken) cookies.keep({ email: account.email, sessionToken, deviceToken });
  return outcome.withoutTokens();
}
