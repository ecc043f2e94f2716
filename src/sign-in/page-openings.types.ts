import { createUnionType, Field, ObjectType } from 'type-graphql';
import { EmailAddress } from '../accounts/email-address.js';
import { Problem, type Text } from '../api/problem.js';
import { SignedIn } from './sign-in.types.js';

@ObjectType({ description: 'Whom a code into the pages leads to: shown to the person, who says whether that is them.' })
export class HandOverPreview {
  @Field(() => EmailAddress)
  readonly email: string;
  @Field(() => String, { description: 'The device whose app made the code.' })
  readonly deviceName: string;

  constructor({ email, deviceName }: Pick<HandOverPreview, 'email' | 'deviceName'>) {
    this.email = email;
    this.deviceName = deviceName;
  }
}

@ObjectType({
  implements: Problem,
  description:
    'The code is wrong, used or too late, its session is over, or somebody is signed in here already: not told apart.',
})
export class HandOverVoid extends Problem {
  protected readonly text: Text = { key: 'problem.HandOverVoid' };
}

export const RedeemHandOverResult = createUnionType({
  name: 'RedeemHandOverResult',
  types: () => [SignedIn, HandOverVoid] as const,
});
