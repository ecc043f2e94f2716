import { createUnionType, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { EmailAddress } from '../accounts/email-address.js';
import { type HeldChangeKindName, heldChangeKinds } from '../accounts/held-change.entity.js';
import type { HeldChange as HeldChangeFacts } from '../accounts/held-changes.js';
import { enumOf } from '../api/enums.js';
import { Problem, type Text } from '../api/problem.js';
import { ChallengeClosed, WrongCode } from '../challenges/challenge.types.js';
import { secondsLeft } from '../texts/times.js';

const HeldChangeKind = enumOf(heldChangeKinds);
registerEnumType(HeldChangeKind, {
  name: 'HeldChangeKind',
  description: 'What a product has asked for.',
  valuesConfig: {
    ADDRESS: { description: 'Another email address for the account.' },
    DELETION: { description: 'That the account goes, with all of its devices.' },
  },
});

@ObjectType({
  description: "A change that the product has asked for, and that waits so that the account's owner can stop it.",
})
export class HeldChange {
  @Field(() => ID)
  readonly id: string;
  @Field(() => HeldChangeKind)
  readonly kind: HeldChangeKindName;
  @Field(() => EmailAddress, { nullable: true, description: 'ADDRESS: the new one; else null.' })
  readonly email: string | null;
  @Field(() => Date)
  readonly askedAt: Date;
  @Field(() => Date, { description: 'It is not in force before.' })
  readonly holdEndsAt: Date;
  @Field(() => Int, { description: 'How long that is, by the server. 0: it waits for nothing but its proof, if any.' })
  readonly holdEndsInSeconds: number;
  @Field(() => Boolean, {
    description:
      'ADDRESS: whether a code that was mailed to the new one was typed (`startAddressProof`, `proveAddress`). Without that it never comes into force.',
  })
  readonly isProven: boolean;

  constructor(facts: HeldChangeFacts) {
    this.id = facts.id;
    this.kind = facts.kind;
    this.email = facts.email ?? null;
    this.askedAt = facts.askedAt;
    this.holdEndsAt = facts.waitsUntil;
    this.holdEndsInSeconds = secondsLeft(facts.msLeft);
    this.isProven = facts.kind === 'DELETION' || facts.provenAt != null;
  }
}

@ObjectType({ description: 'The change is stopped; nothing of it comes into force.' })
export class ChangeVetoed {
  @Field(() => HeldChangeKind)
  readonly kind: HeldChangeKindName;

  constructor(kind: HeldChangeKindName) {
    this.kind = kind;
  }
}

@ObjectType({
  implements: Problem,
  description:
    'The code is wrong or of another address, or its change is over, one way or the other; or nobody has the address: not told apart.',
})
export class VetoVoid extends Problem {
  protected readonly text: Text = { key: 'problem.VetoVoid' };
}

export const VetoChangeByMailResult = createUnionType({
  name: 'VetoChangeByMailResult',
  types: () => [ChangeVetoed, VetoVoid] as const,
});

@ObjectType({ description: 'The new address is proven. It is in force, or will be once it has waited long enough.' })
export class AddressProven {
  @Field(() => Account)
  readonly account: Account;
  @Field(() => HeldChange, { nullable: true, description: 'What still waits; null: the new address is in force.' })
  readonly heldChange: HeldChange | null;

  constructor(account: Account, heldChange: HeldChange | null) {
    this.account = account;
    this.heldChange = heldChange;
  }
}

export const ProveAddressResult = createUnionType({
  name: 'ProveAddressResult',
  types: () => [AddressProven, WrongCode, ChallengeClosed] as const,
});
