import { Ctx, Field, InterfaceType } from 'type-graphql';
import type { TextKey, TextValues } from '../texts/texts.js';
import type { Context } from './context.js';

/** A text of the catalogue with its values. */
export interface Text {
  readonly key: TextKey;
  readonly values?: TextValues;
}

/** A refusal that a correct client, used by a person, can meet: a member of its mutation's result union. */
@InterfaceType({
  description: 'A refusal that a person can meet and a screen has to show.',
  // Its implementations are members of unions; by themselves they would all be in every schema that has one of them.
  autoRegisterImplementations: false,
})
export abstract class Problem {
  /** What the message says; in the reader's language only when it is asked for. */
  protected abstract readonly text: Text;

  @Field(() => String, { description: "For people, in the language of the request's `Accept-Language`." })
  message(@Ctx() { texts, client }: Context): string {
    return texts.t(client.locale, this.text.key, this.text.values);
  }
}
