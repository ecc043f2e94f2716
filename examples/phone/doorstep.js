// Doorstep's API as an app on a device speaks it: queries and mutations over HTTP, live codes over a WebSocket.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

export class Doorstep {
  /** @param tokens those of this device, see tokens.js */
  constructor(url, tokens) {
    this.url = new URL('graphql', url.endsWith('/') ? url : `${url}/`);
    this.tokens = tokens;
  }

  /** Sends a document; its one field is the answer. What a person can meet is a `Problem`, with a message made to be shown. */
  async ask(query, variables = {}) {
    const { session } = this.tokens;
    const response = await fetchFrom(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(session ? { authorization: `Bearer ${session}` } : {}) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data, errors } = await response.json();
    if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
    return Object.values(data)[0];
  }

  /** The same, and whoever is let in by it: both tokens are new, and the ones before are worth nothing soon. */
  async enter(query, variables) {
    const answer = await this.ask(query, variables);
    if (answer.__typename === 'SignedIn') {
      await this.tokens.keep({ session: answer.sessionToken, device: answer.deviceToken });
    }
    return answer;
  }

  /** Each event of a subscription, over as many connections as it takes: what was missed comes when it opens again. */
  async *listen(query) {
    const client = createClient({
      url: this.url.href.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: () => ({ authorization: `Bearer ${this.tokens.session}` }),
      retryAttempts: Number.POSITIVE_INFINITY,
      // 4401, the session is over, is final by itself.
      shouldRetry: () => true,
    });
    try {
      for await (const { data, errors } of client.iterate({ query })) {
        if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
        yield Object.values(data)[0];
      }
    } finally {
      await client.dispose();
    }
  }
}

/** Where nothing answers, `fetch` does not say where. */
async function fetchFrom(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    throw new Error(`nothing answers at ${url.origin}; DOORSTEP_URL says where Doorstep is`, { cause: error });
  }
}
