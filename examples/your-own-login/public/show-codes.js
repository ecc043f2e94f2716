// A trusted device shows the codes for sign-ins and actions elsewhere, while they are live. They come from Doorstep to this
// page; the shop's server has none.

import { ask, listen } from './doorstep.js';

const prompts = document.getElementById('prompts');
const line = document.getElementById('line');

const who = 'id state code deviceName location { label }';

/** What is asked for elsewhere: the words of each kind, and how it is answered. */
const kinds = [
  {
    subscription: `subscription { loginRequests { ${who} } }`,
    title: () => 'Somebody signs in',
    details: () => [],
    acknowledge: 'mutation ($id: ID!) { acknowledgeLoginRequest(id: $id) { id } }',
    deny: 'mutation ($id: ID!) { denyLoginRequest(id: $id) { id } }',
    denial: 'This is not me',
  },
  {
    subscription: `subscription { confirmations { ${who} action { title fields { label value } } } }`,
    title: ({ action }) => action.title,
    details: ({ action }) => action.fields.map(({ label, value }) => `${label}: ${value}`),
    acknowledge: 'mutation ($id: ID!) { acknowledgeConfirmation(id: $id) { id } }',
    deny: 'mutation ($id: ID!) { denyConfirmation(id: $id) { id } }',
    denial: 'I did not ask for this',
  },
];

await Promise.all(kinds.map(follow)).catch(({ code }) => {
  // The session is over (4401 closes the socket), or this device is not trusted.
  prompts.replaceChildren();
  line.textContent =
    code === 'FORBIDDEN'
      ? 'Codes are shown on devices that you trust.'
      : 'Sign in with two-step verification to see codes here.';
});

async function follow(kind) {
  const prompted = listen(kind.subscription);
  line.textContent = 'Codes for your other devices appear here.';
  for await (const prompt of prompted) {
    document.getElementById(prompt.id)?.remove();
    // No code while it waits: its owner wants none on this device any more.
    if (prompt.state !== 'PENDING' || prompt.code === null) continue;
    prompts.prepend(card(kind, prompt));
    // Whoever waits there is told that the code is on a screen.
    await ask(kind.acknowledge, { id: prompt.id });
  }
}

function card(kind, prompt) {
  const section = document.createElement('section');
  section.id = prompt.id;
  const deny = element('button', kind.denial);
  deny.className = 'quiet';
  deny.addEventListener('click', () => ask(kind.deny, { id: prompt.id }));
  section.append(
    element('h2', kind.title(prompt)),
    ...kind.details(prompt).map((detail) => element('p', detail)),
    element('p', `${prompt.deviceName}, ${prompt.location.label}`),
    Object.assign(element('p', prompt.code.replace(/(\d{2,4})(?=(\d{3,4})+$)/g, '$1 ')), { className: 'digits' }),
    deny,
  );
  return section;
}

function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}
