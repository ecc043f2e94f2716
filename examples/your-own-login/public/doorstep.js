// Doorstep, as this browser speaks to it: by itself, as a device of its own. Its tokens are cookies of Doorstep's host, which
// no script can read and the shop's server has no part in.

import { createClient } from '/graphql-ws/client.js';

const { doorstep } = document.documentElement.dataset;

/** Sends a document; its one field is the answer. What a person can meet is a `Problem`, with a message made to be shown. */
export async function ask(query, variables = {}) {
  const response = await fetch(`${doorstep}/graphql`, {
    method: 'POST',
    credentials: 'include',
    headers: { 'content-type': 'application/json', 'session-transport': 'cookie' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
  return Object.values(data)[0];
}

const socket = createClient({
  url: `${doorstep.replace(/^http/, 'ws')}/graphql`,
  // A phone that slept finds its connection dead, and opens another: what was missed comes then.
  keepAlive: 10_000,
  retryAttempts: Number.POSITIVE_INFINITY,
  // But 4401: the session is over.
  shouldRetry: () => true,
});

/** Each event of a subscription, over as many connections as it takes. */
export async function* listen(query, variables = {}) {
  for await (const { data, errors } of socket.iterate({ query, variables })) {
    if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
    yield Object.values(data)[0];
  }
}

/** What people know this device by, in the list of their devices and where a code is asked for. */
export function thisDevice() {
  const { userAgent } = navigator;
  const [browser = 'Browser'] = /Firefox|Edg|Chrome|Safari/.exec(userAgent) ?? [];
  const [system = 'a computer'] = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(userAgent) ?? [];
  return { name: `${browser.replace('Edg', 'Edge')} on ${system}`, platform: 'WEB' };
}
