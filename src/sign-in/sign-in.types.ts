import { createUnionType, Field, InputType, Int, ObjectType } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { EmailAddress } from '../accounts/email-address.js';
import { Problem, type Text } from '../api/problem.js';
import { Challenge, ChallengeClosed, TemporarilyLocked, WrongCode } from '../challenges/challenge.types.js';
import { Device, DeviceInput } from '../devices/device.types.js';
import { AccountSession } from '../sessions/session.types.js';
import type { Wait } from '../texts/times.js';

@ObjectType({
  description:
    "Tokens are for clients that keep them themselves: `sessionToken` goes into `Authorization: Bearer` and, as `authorization`, into the payload of the WebSocket's connection_init; `deviceToken` into the next `signIn`. A browser sends the header `Session-Transport: cookie` with every request instead: then both are null here and live in cookies.",
})
export class SignedIn {
  @Field(() => Account)
  readonly account: Account;
  @Field(() => Device)
  readonly device: Device;
  @Field(() => AccountSession)
  readonly session: AccountSession;
  @Field(() => String, { nullable: true, description: 'The one copy of it: keep it secret.' })
  readonly sessionToken: string | null;
  @Field(() => Date, { description: 'When the session is over if it is not used again.' })
  readonly sessionExpiresAt: Date;
  @Field(() => Int, { description: 'How long that is from this answer on.' })
  readonly sessionExpiresInSeconds: number;
  @Field(() => String, {
    nullable: true,
    description:
      'Names this device from now on, trusted or not; new at each sign-in: keep it, send it with the next `signIn`.',
  })
  readonly deviceToken: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      "For the product's backend, which redeems it once (`rcp_`, its hash is stored, send it by POST); null unless that started the verification.",
  })
  readonly receipt: string | null;

  constructor(signedIn: Omit<SignedIn, 'withoutTokens'>) {
    this.account = signedIn.account;
    this.device = signedIn.device;
    this.session = signedIn.session;
    this.sessionToken = signedIn.sessionToken;
    this.sessionExpiresAt = signedIn.sessionExpiresAt;
    this.sessionExpiresInSeconds = signedIn.sessionExpiresInSeconds;
    this.deviceToken = signedIn.deviceToken;
    this.receipt = signedIn.receipt;
  }

  /** The same answer for a browser, whose tokens live in cookies. */
  withoutTokens(): SignedIn {
    return new SignedIn({ ...this, sessionToken: null, deviceToken: null });
  }
}

@ObjectType({
  implements: Problem,
  description: 'Address and password do not go together; the same whether or not the address is known.',
})
export class InvalidCredentials extends Problem {
  protected readonly text: Text;
  @Field(() => Date, { nullable: true, description: 'When the next try is taken, while tries are slowed down.' })
  readonly retryAt: Date | null;
  @Field(() => Int, {
    nullable: true,
    description: 'How long that is, by the server: no clock of the client has to agree.',
  })
  readonly retryInSeconds: number | null;

  constructor(retry: Wait | null) {
    super();
    this.retryAt = retry?.until ?? null;
    this.retryInSeconds = retry?.seconds ?? null;
    this.text = retry
      ? { key: 'problem.InvalidCredentialsDelayed', values: { retryAt: retry } }
      : { key: 'problem.InvalidCredentials' };
  }
}

@InputType()
export class SignInInput {
  @Field(() => EmailAddress)
  email!: string;
  @Field(() => String)
  password!: string;
  @Field(() => DeviceInput)
  device!: DeviceInput;
  @Field(() => String, {
    nullable: true,
    description: 'The secret that this device was given at its last sign-in; a device that has none is a new device.',
  })
  deviceToken?: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      'The token of the challenge that this device still holds of an earlier sign-in: once the password is right, its prompt is over. A browser with cookies need not say so.',
  })
  replaces?: string | null;
}

export const SignInResult = createUnionType({
  name: 'SignInResult',
  types: () => [SignedIn, Challenge, InvalidCredentials, TemporarilyLocked] as const,
});

export const BeginVerificationResult = createUnionType({
  name: 'BeginVerificationResult',
  types: () => [SignedIn, Challenge, ChallengeClosed, TemporarilyLocked] as const,
});

export const VerifyCodeResult = createUnionType({
  name: 'VerifyCodeResult',
  types: () => [SignedIn, WrongCode, ChallengeClosed, TemporarilyLocked] as const,
});
