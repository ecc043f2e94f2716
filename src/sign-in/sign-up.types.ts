import { createUnionType, Field, InputType } from 'type-graphql';
import { EmailAddress } from '../accounts/email-address.js';
import { Challenge } from '../challenges/challenge.types.js';
import { DeviceInput } from '../devices/device.types.js';
import { WeakPassword } from '../passwords/password.types.js';

@InputType({ description: 'What an account is opened with.' })
export class SignUpInput {
  @Field(() => EmailAddress)
  email!: string;
  @Field(() => String, {
    description: '12 to 256 characters (code points) unless set otherwise; no rules of composition.',
  })
  password!: string;
  @Field(() => DeviceInput)
  device!: DeviceInput;
}

export const SignUpResult = createUnionType({
  name: 'SignUpResult',
  types: () => [Challenge, WeakPassword] as const,
});
