import { scope } from './scope.ts';

/** What is asked of the API, and the types of what goes there and comes back. */
export interface Operation<Result, Variables> {
  readonly query: string;
  readonly types?: (variables: Variables) => Result;
}

/** A browser lets a woken worker live for half a minute; a notification that says less is better than none. */
const ANSWER_WITHIN_MS = 8_000;

/** The API refused, with one of its codes. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(readonly code: string) {
    super(code);
  }
}

/**
 * Asks the API in the session of this browser, whose cookie no script can read. Nothing of an answer is kept.
 * @throws Refused, or whatever the network says
 */
export async function ask<Result, Variables>(
  { query }: Operation<Result, Variables>,
  variables: Variables,
  language: string,
): Promise<Result> {
  const response = await fetch(new URL('graphql', scope), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'session-transport': 'cookie', 'accept-language': language },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const { data, errors }: Answer<Result> = await response.json();
  if (!data || errors) throw new Refused(errors?.[0]?.extensions?.code ?? 'INTERNAL_SERVER_ERROR');
  return data;
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}
