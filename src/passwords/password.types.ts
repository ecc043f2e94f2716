import { Ctx, Field, Int, ObjectType } from 'type-graphql';
import type { Context } from '../api/context.js';
import { Problem, type Text } from '../api/problem.js';
import type { Wait } from '../texts/times.js';

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

@ObjectType({ implements: Problem, description: 'The password that was asked for again is not right.' })
export class WrongPassword extends Problem {
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
      ? { key: 'problem.WrongPasswordDelayed', values: { retryAt: retry } }
      : { key: 'problem.WrongPassword' };
  }
}
