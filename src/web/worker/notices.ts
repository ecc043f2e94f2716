import { grouped } from '../codes/grouped.ts';
import { fill } from './fill.ts';
import type { WaitingConfirmation, WaitingRequest } from './operations.ts';
import type { Words } from './words.ts';

/** The button of a notification that leads to 'This was not me'. */
export const NOT_ME = 'not-me';

/** A notification; TypeScript's own type knows neither buttons nor `renotify`, which not every browser has. */
export interface Notice {
  readonly title: string;
  readonly options: NotificationOptions & {
    readonly tag: string;
    readonly actions?: readonly { readonly action: string; readonly title: string }[];
    readonly renotify?: boolean;
  };
}

/** How a prompt is shown: all its notices share its id as their tag, so that there is one at a time. */
export interface Circumstances {
  /** Its owner wants the code there too. */
  readonly withCode: boolean;
  /** A page is in sight, which shows the same: no sound. */
  readonly isSeen: boolean;
}

/** A sign-in that waits for its code. What stands there can be read on a locked screen. */
export function requestNotice(request: WaitingRequest, words: Words, { withCode, isSeen }: Circumstances): Notice {
  const { texts, productName } = words;
  const code = withCode && request.code ? codeText({ ...request, code: request.code }, words) : null;
  const notice = waiting(request, words, {
    title: texts.title,
    text: code ?? fill(texts.request.open, { productName }),
    isSeen,
  });
  return { ...notice, options: { ...notice.options, actions: [{ action: NOT_ME, title: texts.notMe }] } };
}

/**
 * An action that waits for its code: neither what is asked, since it can be read on a locked screen, nor the code, which
 * is typed by nobody who has not read what it stands for.
 */
export function confirmationNotice(asked: WaitingConfirmation, words: Words, { isSeen }: Circumstances): Notice {
  const { texts, productName } = words;
  return waiting(asked, words, {
    title: fill(texts.confirmation.title, { client: asked.productName }),
    text: fill(texts.confirmation.notice, { productName }),
    isSeen,
  });
}

type Prompt = Pick<WaitingRequest & WaitingConfirmation, 'id' | 'deviceName' | 'location'>;

function waiting(prompt: Prompt, words: Words, said: { title: string; text: string; isSeen: boolean }): Notice {
  const who = fill(words.texts.request.who, { device: prompt.deviceName, place: prompt.location.label });
  return {
    title: said.title,
    options: {
      ...written(words, `${who}\n${said.text}`),
      tag: prompt.id,
      data: { id: prompt.id },
      // Sent again, it rings again.
      renotify: true,
      silent: said.isSeen,
      requireInteraction: true,
    },
  };
}

/**
 * Something that could not be asked for now, or that this worker does not know yet.
 * @param id of the prompt; empty where it is about none
 */
export function unreadNotice(id: string, words: Words): Notice {
  const { texts, productName } = words;
  return {
    title: productName,
    options: {
      ...written(words, fill(texts.request.unread, { productName })),
      tag: id || 'prompt',
      data: { id },
      renotify: true,
    },
  };
}

/** How a sign-in ended, in the place of its notification: without a sound, without its code. */
export function requestOverNotice({ id, state, deviceName }: WaitingRequest, words: Words): Notice {
  return silent(id, fill(words.texts.ended[endOf(state)], { device: deviceName }), words);
}

/** The same for an action. */
export function confirmationOverNotice({ id, state, productName }: WaitingConfirmation, words: Words): Notice {
  return silent(id, fill(words.texts.confirmation.ended[endOf(state)], { client: productName }), words);
}

/** Whatever is not waiting here, and has not ended otherwise, has lasted too long. */
function endOf(state: WaitingRequest['state']) {
  return state === 'PENDING' ? 'EXPIRED' : state;
}

/** One that this account cannot see any more. */
export function goneNotice(id: string, words: Words): Notice {
  return silent(id, words.texts.request.over, words);
}

/** Nobody who is signed in here may see codes. */
export function signedOutNotice(words: Words): Notice {
  return silent('signed-out', words.texts.signedOut, words);
}

/** What a person sends to himself: as much as of a sign-in would stand there, the example of a code too. */
export function testNotice(words: Words, withCode: boolean): Notice {
  const { texts, productName } = words;
  const body = withCode ? `${texts.test}\n${codeText(EXAMPLE, words)}` : texts.test;
  return { title: productName, options: { ...written(words, body), tag: 'test', data: {}, renotify: true } };
}

const EXAMPLE = { code: '123456', expiresInSeconds: 600 };

function silent(tag: string, body: string, words: Words): Notice {
  return { title: words.productName, options: { ...written(words, body), tag, data: {}, silent: true } };
}

function written({ language, direction }: Words, body: string) {
  return { body, lang: language, dir: direction };
}

interface Code {
  readonly code: string;
  readonly expiresInSeconds: number;
}

/** Until when it is good, by the clock that the person sees: no notification goes by itself. */
function codeText({ code, expiresInSeconds }: Code, { texts, language }: Words): string {
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  const end = Date.now() + expiresInSeconds * 1000;
  return fill(texts.request.code, { code: grouped(code), time: time.format(end) });
}
