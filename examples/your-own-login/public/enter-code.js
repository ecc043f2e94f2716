// A code is asked for: this browser begins with Doorstep by itself, says what becomes of the code, takes it, and brings the
// shop's server the receipt. On a trusted device there is a receipt at once, and no code.

import { ask, listen, thisDevice } from './doorstep.js';

const step = document.getElementById('step');
const form = document.getElementById('code');
const alert = step.querySelector('[role=alert]');
const { purpose } = step.dataset;
let { challenge: token } = step.dataset;
/** The shop's addresses: what takes a receipt, what comes after a new address is proven, and for whoever leaves. */
const [RECEIPTS, PROVEN, LEFT] = ['/second-step', '/account', '/'];

// Only a sign-in asks whether the device is to be trusted.
if (purpose !== 'SIGN_IN') form.elements.trust?.closest('label').remove();

const problem = '... on Problem { message }';
const shown = `token state sentTo codeLength expiresInSeconds help
  deliveries { hint } sendOptions { method retryInSeconds }`;
const begin = `mutation ($token: String!, $device: DeviceInput!) {
  beginVerification(challengeToken: $token, device: $device) {
    __typename ... on SignedIn { receipt } ... on Challenge { ${shown} } ${problem} } }`;
const beginProof = `mutation { startAddressProof { __typename ${shown} } }`;
const send = `mutation ($token: String!, $method: VerificationMethod!) {
  sendCode(challengeToken: $token, method: $method) { __typename ${problem} } }`;
const cancel = 'mutation ($token: String!) { cancelChallenge(challengeToken: $token) { state } }';
const signIn = `mutation ($token: String!, $code: String!, $trust: Boolean!) {
  verifyCode(challengeToken: $token, code: $code, trustDevice: $trust) { __typename ... on SignedIn { receipt } ${problem} } }`;
const confirm = `mutation ($token: String!, $code: String!) {
  confirmAction(challengeToken: $token, code: $code) { __typename ... on Confirmed { receipt } ${problem} } }`;
const prove = `mutation ($token: String!, $code: String!) {
  proveAddress(challengeToken: $token, code: $code) { __typename ${problem} } }`;

/** In what each purpose ends. */
const ends = {
  SIGN_IN: (code) => ask(signIn, { token, code, trust: form.elements.trust.checked }),
  ENABLE_TWO_STEP: (code) => ask(signIn, { token, code, trust: true }),
  DISABLE_TWO_STEP: (code) => ask(confirm, { token, code }),
  CONFIRM: (code) => ask(confirm, { token, code }),
  PROVE_ADDRESS: (code) => ask(prove, { token, code }),
};

const notNow = 'This does not work right now. Please try again.';
const endings = {
  DENIED: 'It was refused on another device.',
  LOCKED: 'There were too many wrong codes.',
  EXPIRED: 'Its time is over.',
  CANCELLED: 'It is over.',
};

/** One press, one try. */
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const [code, button] = [form.elements.code, form.querySelector('button')];
  if (button.disabled) return;
  button.disabled = true;
  const answer = await tell(() => ends[purpose](code.value));
  if (answer?.receipt) return bring(answer.receipt);
  if (answer?.__typename === 'AddressProven') return location.replace(PROVEN);
  button.disabled = false;
  code.select();
});

/** Whoever leaves takes it off the other devices too. */
document.getElementById('leave').addEventListener('click', async (event) => {
  event.preventDefault();
  await tell(() => ask(cancel, { token }));
  location.replace(LEFT);
});

/** Once, and at once: it is worth nothing a minute later. */
async function bring(receipt) {
  const brought = fetch(RECEIPTS, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ receipt }),
  }).then((response) => response.json());
  const { next, problem: refusal } = await brought.catch(() => ({ problem: notNow }));
  if (next) location.replace(next);
  else alert.textContent = refusal;
}

/** Whatever is no answer to go on with is said. */
async function tell(work) {
  alert.textContent = '';
  try {
    const answer = await work();
    alert.textContent = answer?.message ?? '';
    return answer;
  } catch (error) {
    const isMistyped = error.code === 'BAD_USER_INPUT';
    alert.textContent = isMistyped ? 'That is not a code of this kind.' : notNow;
    // For whoever builds the page: its console says why.
    if (!isMistyped) reportError(error);
    return null;
  }
}

function show({ state, sentTo, codeLength, help, deliveries, sendOptions }) {
  const isOpen = state === 'PENDING';
  form.hidden = !isOpen;
  document.getElementById('sent').textContent = isOpen
    ? `Type the ${codeLength} digits that were sent to ${sentTo}.`
    : (endings[state] ?? '');
  // What became of the last send, in words; and what helps in general, for whoever still has no code.
  document.getElementById('hint').textContent = (isOpen && deliveries[0]?.hint) || '';
  document.getElementById('help').hidden = !isOpen;
  document.querySelector('#help ul').replaceChildren(...help.map((line) => element('li', line)));
  document.getElementById('sends').replaceChildren(...(isOpen ? sendOptions.map(sendButton) : []));
}

function sendButton({ method, retryInSeconds }) {
  const button = element('button', method === 'EMAIL' ? 'Send it by e-mail' : 'Show it on my devices');
  button.type = 'button';
  button.className = 'quiet';
  button.disabled = retryInSeconds > 0;
  // As the server counts it; no clock of this device decides.
  if (button.disabled) setTimeout(() => (button.disabled = false), retryInSeconds * 1000);
  button.addEventListener('click', () => {
    button.disabled = true;
    void tell(() => ask(send, { token, method }));
  });
  return button;
}

function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

// Of an address nothing is proven to the shop: the new one is Doorstep's to know.
const begun = await tell(() =>
  purpose === 'PROVE_ADDRESS' ? ask(beginProof) : ask(begin, { token, device: thisDevice() }),
);
if (begun?.__typename === 'SignedIn') await bring(begun.receipt);
if (begun?.__typename === 'Challenge') {
  token = begun.token;
  show(begun);
  form.elements.code.focus();
  for await (const challenge of listen(`subscription ($token: String!) { challenge(token: $token) { ${shown} } }`, {
    token,
  })) {
    show(challenge);
  }
}
