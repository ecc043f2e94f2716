import { createUnionType, Field, ObjectType } from 'type-graphql';
import { ChallengeClosed, TemporarilyLocked, WrongCode } from '../challenges/challenge.types.js';

@ObjectType({ description: 'The code was right, for the action that it was shown for.' })
export class Confirmed {
  @Field(() => String, {
    description: "For the product's backend, which redeems it once (`rcp_`, its hash is stored, send it by POST).",
  })
  readonly receipt: string;

  constructor(receipt: string) {
    this.receipt = receipt;
  }
}

export const ConfirmActionResult = createUnionType({
  name: 'ConfirmActionResult',
  types: () => [Confirmed, WrongCode, ChallengeClosed, TemporarilyLocked] as const,
});
