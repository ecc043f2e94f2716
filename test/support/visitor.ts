import { type Answer, Client, type Sender } from './client.js';

/** A client whose requests all say something more: the language that is read there, or where they came from. */
export class Visitor extends Client {
  constructor(
    url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    super(url);
  }

  override graphql<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    sender: Sender = {},
  ): Promise<Answer<T>> {
    return super.graphql<T>(query, variables, { ...sender, headers: { ...this.headers, ...sender.headers } });
  }
}
