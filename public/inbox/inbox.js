// The page of the development inbox: plain browser JavaScript, served as it is. Which mail is open is the fragment of
// the address, so that links, the back button and a reload work by themselves.

const byId = (id) => document.getElementById(id);
const main = document.querySelector('main');
const parts = ['html', 'text', 'source'];

/** The rows of the list by mail id, the newest first. */
let rows = new Map();
/** The mail that is shown, or null. */
let shown = null;
let preferredPart = 'html';

// The list

/** Brings the list up to date. Of its mails, those that come while the page is open begin as unread. */
async function refresh({ unread }) {
  const response = await get('inbox/mails');
  if (!response) return;
  const mails = await response.json();
  const before = rows;
  rows = new Map(mails.map((mail) => [mail.id, before.get(mail.id) ?? rowOf(mail, unread)]));
  for (const [id, row] of before) if (!rows.has(id)) row.remove();
  // Only what is new is put in, above the rest: moving a row that is there would take the focus off it.
  const added = [...rows].filter(([id]) => !before.has(id)).map(([, row]) => row);
  byId('list').prepend(...added);
  showState();
}

// Answers could overtake each other: one after the other, each builds on what the one before it showed.
let refreshed = Promise.resolve();
function refreshNext() {
  refreshed = refreshed.then(() => refresh({ unread: true }));
}

function rowOf(mail, unread) {
  const row = element('li', { className: unread ? 'unread' : '' });
  const link = element('a', { href: `#${mail.id}` });
  link.append(
    element('span', { className: 'row-subject', textContent: subjectOf(mail) }),
    timeOf(mail.receivedAt),
    element('span', { className: 'row-to', textContent: `to ${mail.envelope.to.join(', ')}` }),
  );
  if (mail.code) link.append(element('span', { className: 'row-code', textContent: mail.code }));
  row.append(link);
  return row;
}

byId('list').addEventListener('keydown', (event) => {
  const links = [...byId('list').querySelectorAll('a')];
  const next = neighbour(event.key, links.indexOf(document.activeElement), links.length, 'ArrowUp', 'ArrowDown');
  if (next === null) return;
  event.preventDefault();
  links[next].focus();
});

byId('clear').addEventListener('click', async () => {
  await fetch('inbox/mails', { method: 'DELETE', headers: { 'X-Doorstep-Inbox': 'clear' } });
  // The stream's `clear` does the rest, here as in every other open page.
});

// The mail

/** The id of the mail that the address names, or null: then it is the list's turn. */
const chosenId = () => location.hash.match(/^#([\da-f-]{36})$/)?.[1] ?? null;

/** Opens the mail that the address names. */
async function open() {
  const id = chosenId();
  const response = id && (await get(`inbox/mails/${id}`));
  const mail = response ? await response.json() : null;
  // Another one may have been chosen meanwhile.
  if (id !== chosenId()) return;
  const left = shown;
  shown = mail;
  if (mail) fill(mail);
  showState();
  // On a narrow page the list and the mail take turns, and the focus must not stay on what is hidden.
  if (mail && !isVisible(byId('list-pane'))) byId('subject').focus();
  if (!id && left && !isVisible(byId('mail'))) rows.get(left.id)?.querySelector('a').focus();
}

function fill(mail) {
  rows.get(mail.id)?.classList.remove('unread');
  byId('subject').textContent = subjectOf(mail);
  const facts = [
    ['From', mail.from ? mailboxText(mail.from) : mail.envelope.from || '(no one)'],
    ['To', mail.to.map(mailboxText).join(', ') || mail.envelope.to.join(', ')],
    ['Received', timeOf(mail.receivedAt, 'medium')],
    ['Size', `${mail.size.toLocaleString()} bytes`],
  ];
  byId('facts').replaceChildren(
    ...facts.flatMap(([name, value]) => {
      const dd = element('dd');
      dd.append(value);
      return [element('dt', { textContent: name }), dd];
    }),
  );
  byId('code-box').hidden = !mail.code;
  byId('code').textContent = mail.code ?? '';
  byId('copy').textContent = 'Copy code';
  // A frame of its own for each mail: one that is navigated would leave steps behind for the back button.
  byId('panel-html').replaceChildren(...(mail.html ? [frameOf(mail)] : []));
  byId('panel-text').textContent = mail.text ?? '';
  byId('panel-source').textContent = '';
  byId('tab-html').hidden = !mail.html;
  byId('tab-text').hidden = !mail.text;
  showPart(parts.find((part) => part === preferredPart && !byId(`tab-${part}`).hidden) ?? firstPart());
}

const firstPart = () => parts.find((part) => !byId(`tab-${part}`).hidden);

function frameOf(mail) {
  const frame = element('iframe', { title: 'HTML part of the mail', src: `inbox/mails/${mail.id}/html` });
  frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
  return frame;
}

byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(byId('code').textContent);
  byId('copy').textContent = 'Copied';
  byId('news').textContent = 'Code copied';
});

// Its parts: tabs as the ARIA Authoring Practices describe them

function showPart(chosen) {
  for (const part of parts) {
    const tab = byId(`tab-${part}`);
    tab.setAttribute('aria-selected', String(part === chosen));
    tab.tabIndex = part === chosen ? 0 : -1;
    byId(`panel-${part}`).hidden = part !== chosen;
  }
  if (chosen === 'source' && !byId('panel-source').textContent) showSource(shown);
}

async function showSource(mail) {
  const response = await get(`inbox/mails/${mail.id}/raw`);
  const source = response ? await response.text() : 'This mail is no longer here.';
  if (mail === shown) byId('panel-source').textContent = source;
}

for (const part of parts) {
  byId(`tab-${part}`).addEventListener('click', () => {
    preferredPart = part;
    showPart(part);
  });
}

byId('tabs').addEventListener('keydown', (event) => {
  const tabs = [...byId('tabs').children].filter((tab) => !tab.hidden);
  const next = neighbour(event.key, tabs.indexOf(document.activeElement), tabs.length, 'ArrowLeft', 'ArrowRight');
  if (next === null) return;
  event.preventDefault();
  tabs[next].focus();
  tabs[next].click();
});

// The whole

function showState() {
  const id = chosenId();
  const isEmpty = rows.size === 0 && shown === null;
  main.classList.toggle('reading', id !== null);
  byId('list-pane').hidden = isEmpty;
  byId('clear').hidden = isEmpty;
  byId('empty').hidden = !isEmpty;
  byId('mail').hidden = shown === null;
  byId('choose').hidden = isEmpty || id !== null;
  byId('gone').hidden = isEmpty || id === null || shown !== null;
  for (const [rowId, row] of rows) {
    const link = row.querySelector('a');
    if (rowId === id) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  const unread = byId('list').querySelectorAll('.unread').length;
  document.title = `${unread ? `(${unread}) ` : ''}Inbox · Doorstep`;
}

function listen() {
  const events = new EventSource('inbox/events');
  // The stream first, then the list: what arrives in between is in both, and nothing is in neither.
  events.addEventListener('open', () => {
    showConnection(true);
    refreshNext();
  });
  events.addEventListener('mail', ({ data }) => {
    const mail = JSON.parse(data);
    byId('news').textContent = `New mail to ${mail.envelope.to.join(', ')}: ${subjectOf(mail)}`;
    refreshNext();
  });
  events.addEventListener('clear', () => {
    location.hash = 'list';
    refreshNext();
  });
  events.addEventListener('error', () => {
    showConnection(false);
    // The browser comes back by itself, except after an answer that was no stream.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

function showConnection(isLive) {
  byId('connection').textContent = isLive ? 'Live' : 'Reconnecting';
  byId('connection').classList.toggle('live', isLive);
}

// Small things

/** Where a key leads from one of `count` places in a row, or null. */
function neighbour(key, from, count, back, forth) {
  const places = { [back]: Math.max(from - 1, 0), [forth]: Math.min(from + 1, count - 1), Home: 0, End: count - 1 };
  return places[key] ?? null;
}

/** The answer, or null where there is none or it is not good. */
async function get(path) {
  const response = await fetch(path).catch(() => null);
  return response?.ok ? response : null;
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

function timeOf(iso, timeStyle = 'short') {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  const format = new Intl.DateTimeFormat(undefined, { timeStyle, dateStyle: isToday ? undefined : 'medium' });
  return element('time', { dateTime: iso, textContent: format.format(at) });
}

const subjectOf = (mail) => mail.subject || '(no subject)';
const mailboxText = ({ name, address }) => (name ? `${name} <${address}>` : address);
const isVisible = (node) => node.checkVisibility();

addEventListener('hashchange', open);
await refresh({ unread: false });
await open();
listen();
