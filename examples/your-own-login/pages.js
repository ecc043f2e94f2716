// The shop's pages.

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

/** @param doorstep where its scripts find Doorstep */
export function page(doorstep, { title, main, script = null }) {
  return `<!doctype html>
<html lang="en" data-doorstep="${escaped(doorstep)}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} – Shop</title>
<link rel="stylesheet" href="/shop.css">
${script ? `<script type="module" src="/${script}"></script>` : ''}
<header><a href="/">Shop</a></header>
<main><h1>${title}</h1>${main}</main>
</html>`;
}

const alert = (problem) => `<p role="alert">${problem ? escaped(problem) : ''}</p>`;
const field = (label, attributes) => `<label>${label} <input ${attributes} required></label>`;

export const signIn = (problem = null) => ({
  title: 'Sign in',
  main: `${alert(problem)}
    <form method="post" action="/sign-in">
      ${field('E-mail address', 'name="email" type="email" autocomplete="username"')}
      ${field('Password', 'name="password" type="password" autocomplete="current-password"')}
      <button>Sign in</button>
    </form>
    <p><a href="/sign-up">New here?</a></p>`,
});

export const signUp = (problem = null) => ({
  title: 'New here',
  main: `${alert(problem)}
    <form method="post" action="/sign-up">
      ${field('E-mail address', 'name="email" type="email" autocomplete="username"')}
      ${field('Password', 'name="password" type="password" minlength="12" autocomplete="new-password"')}
      <button>Open an account</button>
    </form>`,
});

export const home = ({ email }) => ({
  title: 'Welcome',
  script: 'live.js',
  main: `<p id="who">${escaped(email)}</p>
    <nav><a href="/account">Account</a> <a href="/codes">Codes for other devices</a></nav>
    <form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>`,
});

/**
 * @param mayAsk whether a session at Doorstep is behind this one, so that it can ask for codes
 * @param mailedTo the address to which Doorstep mails codes, while that is another one
 */
export const account = ({ email }, { isOn, mayAsk, mailedTo }) => ({
  title: 'Account',
  script: 'live.js',
  main: `<section><h2>E-mail address</h2><p id="email">${escaped(email)}</p>
      ${mailedTo ? `<p>Codes are mailed to ${escaped(mailedTo)} until <a href="/prove-address">the new one is proven</a> and a day has passed.</p>` : ''}
      <form method="post" action="/email">
        ${field('New e-mail address', 'name="email" type="email" autocomplete="email"')}
        <button>Change the address</button>
      </form></section>
    <section><h2>Password</h2>
      <form method="post" action="/password">
        ${field('Password now', 'name="password" type="password" autocomplete="current-password"')}
        ${field('New password', 'name="next" type="password" minlength="12" autocomplete="new-password"')}
        <button>Change the password</button>
      </form></section>
    <section><h2>Two-step verification</h2>
      <p id="two-step">${isOn ? 'On: a new device needs a code.' : 'Off: the password is enough.'}</p>
      ${isOn && !mayAsk ? '' : twoStepForm(isOn)}</section>`,
});

const twoStepForm = (isOn) => `<form method="post" action="/two-step">
    <input type="hidden" name="turn" value="${isOn ? 'off' : 'on'}">
    ${field('Your password', 'name="password" type="password" autocomplete="current-password"')}
    <button>Turn it ${isOn ? 'off' : 'on'}</button>
  </form>`;

const reasons = {
  SIGN_IN: 'This device is new to your account.',
  ENABLE_TWO_STEP: 'To turn two-step verification on.',
  DISABLE_TWO_STEP: 'To turn two-step verification off.',
  CONFIRM: 'To change your e-mail address.',
  PROVE_ADDRESS: 'So that codes can be mailed to your new address.',
};

/** What the browser needs to go on by itself: public/enter-code.js. */
export const secondStep = ({ purpose, challengeToken }) => ({
  title: 'One more step',
  script: 'enter-code.js',
  main: `<p>${reasons[purpose]}</p>
    <div id="step" data-purpose="${purpose}" data-challenge="${challengeToken ?? ''}">
      <p id="sent" role="status"></p>
      <form id="code" hidden>
        ${field('Code', 'name="code" inputmode="numeric" autocomplete="one-time-code"')}
        <label class="check"><input type="checkbox" name="trust" checked> Ask for no code on this device again</label>
        <button>Continue</button>
      </form>
      ${alert(null)}
      <p id="hint" role="status"></p>
      <p id="sends"></p>
      <details id="help" hidden><summary>No code?</summary><ul></ul></details>
    </div>
    <p><a id="leave" href="/">Leave it</a></p>`,
});

/** public/show-codes.js fills it. */
export const codes = () => ({
  title: 'Codes',
  script: 'show-codes.js',
  main: `<p id="line" role="status">Connecting …</p><div id="prompts" aria-live="assertive"></div>
    <p><a href="/">Back</a></p>`,
});

export const sorry = (problem) => ({ title: 'Sorry', main: `${alert(problem)}<p><a href="/">Back</a></p>` });
