import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { shownAction } from '../challenges/shown-action.js';
import { Location } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import type { PromptStream } from '../prompts/prompt-stream.js';
import type { PromptView } from '../prompts/prompt-views.js';
import type { Prompts } from '../prompts/prompts.js';
import { Action } from '../verifications/action.types.js';
import { Confirmation } from './confirmation.types.js';

@Resolver(() => Confirmation)
export class ConfirmationsResolver {
  constructor(
    private readonly prompts: Prompts,
    readonly stream: PromptStream,
    private readonly places: Places,
  ) {}

  @Subscription(() => Confirmation, {
    name: 'confirmations',
    description:
      'As `loginRequests`, for actions: never on the device that asks, never mixed with sign-ins, so that no code is typed for the wrong thing.',
    subscribe: ({ context }: { context: Context }) =>
      context.resolver(ConfirmationsResolver).stream.open(context, 'CONFIRMATION'),
  })
  confirmationChanged(@Root() view: PromptView): Confirmation {
    return new Confirmation(view);
  }

  @Mutation(() => Confirmation, { description: 'A trusted device says that it shows the code.' })
  async acknowledgeConfirmation(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<Confirmation> {
    return new Confirmation(await this.prompts.acknowledge(context, 'CONFIRMATION', id));
  }

  @Mutation(() => Confirmation, {
    description:
      "'I did not ask for this', from a trusted device: over at once, and the backend that asked is told. One that is over already comes back unchanged.",
  })
  async denyConfirmation(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<Confirmation> {
    return new Confirmation(await this.prompts.deny(context, 'CONFIRMATION', id));
  }

  @FieldResolver(() => Action, {
    description:
      'Word for word as the backend wrote it; for DISABLE_TWO_STEP in our words, in the language of the request.',
  })
  action(@Root() { view }: Confirmation, @Ctx() { texts, client }: Context): Action {
    if (!view.row.action) throw new Error('a confirmation that is of nothing');
    return new Action(shownAction(view.row.action, texts, client.locale));
  }

  @FieldResolver(() => Location)
  location(@Root() { ipAddress }: Confirmation): Location {
    return new Location(this.places.of(ipAddress));
  }
}

@Resolver(() => Account)
export class AccountConfirmationsResolver {
  constructor(private readonly prompts: Prompts) {}

  @FieldResolver(() => [Confirmation], {
    description:
      'Actions that wait for a code now, the newest first. Empty unless the current device is trusted; one that this device itself asks for is not among them.',
  })
  async confirmations(@Ctx() { db, session }: Context): Promise<Confirmation[]> {
    // Right after signing in the request carries no session yet: then there is nobody to show a code to.
    if (!session) return [];
    const pending = await this.prompts.pending(db, session, 'CONFIRMATION');
    return pending.map((view) => new Confirmation(view));
  }
}
