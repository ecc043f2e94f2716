import { Ctx, Field, ObjectType } from 'type-graphql';
import type { Context } from '../api/context.js';
import { Problem, type Text } from '../api/problem.js';

@ObjectType({ implements: Problem, description: 'The password would be guessed; nothing was changed.' })
export class WeakPassword extends Problem {
  protected readonly text: Text = { key: 'problem.WeakPassword' };

  constructor(private readonly reasons: readonly Text[]) {
    super();
  }

  @Field(() => [String], { description: 'What would make it stronger, for people.' })
  suggestions(@Ctx() { texts, client }: Context): string[] {
    return this.reasons.map(({ key, values }) => texts.t(client.locale, key, values));
  }
}
