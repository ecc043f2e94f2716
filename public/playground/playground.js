// The playground's page: GraphiQL with our examples, plain browser JavaScript, served as it is. Of each answer it keeps
// the newest tokens, and puts them in where an operation's variables or headers say {{sessionToken}}, {{deviceToken}} or
// {{challengeToken}}. All of it lives in this browser tab: another one, or a duplicate of this one, is another device.

/* global YogaGraphiQL, graphqlWs */

/** What an answer's field is kept as. */
const keptAs = { sessionToken: 'sessionToken', deviceToken: 'deviceToken', token: 'challengeToken' };

/** GraphiQL's fetcher: over HTTP, and over a WebSocket for subscriptions. */
function fetcher({ query, operationName, variables }, { headers, documentAST } = {}) {
  const request = { query, operationName, variables: filled(variables ?? {}) };
  const given = headersOf(headers);
  return isSubscription(documentAST, operationName) ? subscribe(request, given) : post(request, given);
}

async function post(request, headers) {
  const response = await fetch('graphql', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return readable(await response.text());
}

/** A socket of its own for each subscription: it is the headers of now that go along with connection_init. */
function subscribe(request, { authorization }) {
  const url = new URL('graphql', location.href.replace(/^http/, 'ws'));
  const socket = graphqlWs.createClient({ url: url.href, connectionParams: { authorization } });
  return {
    subscribe: (sink) => {
      const next = (event) => sink.next(readable(JSON.stringify(event)));
      const error = (cause) => sink.error(isClose(cause) ? fault(`Closed: ${cause.code} ${cause.reason}`) : cause);
      return { unsubscribe: socket.subscribe(request, { next, error, complete: () => sink.complete() }) };
    },
  };
}

function isSubscription(documentAST, operationName) {
  return Boolean(
    documentAST?.definitions.some(
      ({ operation, name }) => operation === 'subscription' && (!operationName || name?.value === operationName),
    ),
  );
}

function isClose(cause) {
  return typeof cause?.code === 'number';
}

/** Something for people: of an Error GraphiQL would show the stack as well. */
function fault(message) {
  return { message };
}

/** Reads an answer, and keeps the tokens that are in it. */
function readable(text) {
  return JSON.parse(text, (key, value) => {
    if (keptAs[key] && typeof value === 'string') sessionStorage.setItem(keptAs[key], value);
    return value;
  });
}

function filled(variables) {
  return JSON.parse(JSON.stringify(variables), (_key, value) => {
    const name = typeof value === 'string' && value.match(/^\{\{(\w+)\}\}$/)?.[1];
    if (!name) return value;
    const kept = sessionStorage.getItem(name);
    if (kept === null) throw fault(`There is no ${name} yet: it comes with the answer of a step before this one.`);
    return kept;
  });
}

/** By their names in lower case; one whose token is not there yet is left out, as by somebody who is not signed in. */
function headersOf(headers) {
  const given = Object.entries(headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    String(value).replace(/\{\{(\w+)\}\}/g, (place, token) => sessionStorage.getItem(token) ?? place),
  ]);
  return Object.fromEntries(given.filter(([, value]) => !value.includes('{{')));
}

/** The examples as GraphiQL's tabs. Everybody who opens the page is an Ada of their own. */
async function examples() {
  const response = await fetch('playground/examples.json');
  const email = `ada-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}@example.com`;
  const tabs = await response.json();
  return tabs.map(({ query, variables, headers }) => ({
    query,
    variables: variables && JSON.stringify(variables, null, 2).replaceAll('ada@example.com', email),
    headers: headers && JSON.stringify(headers, null, 2),
  }));
}

self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_moduleId, label) =>
    new URL(`playground/workers/${{ json: 'json', graphql: 'graphql' }[label] ?? 'editor'}.js`, location.href).href,
};

const tabs = await examples();
// Set when GraphiQL was here before: then it opens what it has kept.
const isFirstVisit = sessionStorage.getItem('graphiql:tabState') === null;

YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  title: 'Doorstep',
  logo: '&nbsp;',
  fetcher,
  defaultTabs: tabs,
  // Of the first tab GraphiQL takes only the query by itself.
  variables: isFirstVisit ? tabs[0].variables : undefined,
  // Tokens and passwords stay in this tab, and out of the address, into which GraphiQL would write what is typed.
  storage: sessionStorage,
  onEditQuery: () => {},
});
