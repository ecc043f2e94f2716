import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { EmailAddress } from '../accounts/email-address.js';
import { heldChanges } from '../accounts/held-changes.js';
import { type Context, requireSession } from '../api/context.js';
import { Challenge, CODE_DESCRIPTION } from '../challenges/challenge.types.js';
import type { AddressProofs } from './address-proofs.js';
import { ChangeVetoed, HeldChange, ProveAddressResult, VetoChangeByMailResult } from './held-change.types.js';
import type { Vetoes } from './vetoes.js';

@Resolver(() => Account)
export class HeldChangesResolver {
  constructor(
    private readonly vetoes: Vetoes,
    private readonly proofs: AddressProofs,
  ) {}

  @FieldResolver(() => [HeldChange], {
    name: 'heldChanges',
    description:
      'What the product has asked for and is not in force: another address, a deletion. Always empty where the account is somebody’s own.',
  })
  async heldChangesOf(@Root() { id }: Account, @Ctx() { db }: Context): Promise<HeldChange[]> {
    const held = await heldChanges(db, id);
    return held.map((change) => new HeldChange(change));
  }

  @Mutation(() => ChangeVetoed, {
    description: 'Stops a change of `heldChanges`, from a trusted device. NOT_FOUND: it is over, one way or the other.',
  })
  vetoChange(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<ChangeVetoed> {
    return this.vetoes.bySession(requireSession(context), id);
  }

  @Mutation(() => VetoChangeByMailResult, {
    description:
      'Stops a change by the code of the mail that told of it: needs no session. The address is the one that the mail went to.',
  })
  vetoChangeByMail(
    @Ctx() context: Context,
    @Arg('email', () => EmailAddress) email: string,
    @Arg('code', () => String, {
      description:
        '20 digits of any script and width; blanks and dashes do not count. Anything but 20 digits is BAD_USER_INPUT.',
    })
    code: string,
  ): Promise<typeof VetoChangeByMailResult> {
    return this.vetoes.byMail(context, email, code);
  }

  @Mutation(() => Challenge, {
    description:
      'Mails a code to the address that the product has asked for, to be typed in `proveAddress` by this session. NOT_FOUND where no address waits.',
  })
  startAddressProof(@Ctx() context: Context): Promise<Challenge> {
    return this.proofs.start({ ...context, session: requireSession(context) });
  }

  @Mutation(() => ProveAddressResult, {
    description: 'Proves the new address; it comes into force once it has waited long enough.',
  })
  proveAddress(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('code', () => String, { description: CODE_DESCRIPTION }) code: string,
  ): Promise<typeof ProveAddressResult> {
    return this.proofs.prove({ ...context, session: requireSession(context) }, token, code);
  }
}
