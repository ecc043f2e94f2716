import { grouped } from '../codes/grouped.ts';
import { fill } from './fill.ts';
import type { WaitingRequestFragment } from './operations.ts';
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

/** What is shown of a sign-in. All notices of one share its id as their tag: there is one at a time. */
type Request = WaitingRequestFragment;

interface Circumstances {
  /** Its owner wants the code there too. */
  readonly withCode: boolean;
  /** A page is in sight, which shows the same: no sound. */
  readonly isSeen: boolean;
}

/** A sign-in that waits for its code. What stands there can be read on a locked screen. */
export function waitingNotice(request: Request, words: Words, { withCode, isSeen }: Circumstances): Notice {
  const { texts, productName } = words;
  const who = fill(texts.request.who, { device: request.deviceName, place: request.location.label });
  const code = withCode && request.code ? codeText({ ...request, code: request.code }, words) : null;
  const body = `${who}\n${code ?? fill(texts.request.open, { productName })}`;
  return {
    title: texts.title,
    options: {
      ...written(words, body),
      tag: request.id,
      data: { id: request.id },
      // Sent again, it rings again.
      renotify: true,
      silent: isSeen,
      requireInteraction: true,
      actions: [{ action: NOT_ME, title: texts.notMe }],
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
    title: texts.title,
    options: {
      ...written(words, fill(texts.request.unread, { productName })),
      tag: id || 'prompt',
      data: { id },
      renotify: true,
    },
  };
}

/** How a sign-in ended, in the place of its notification: without a sound, without its code. */
export function overNotice(request: Request & Pick<WaitingRequestFragment, 'state'>, words: Words): Notice {
  const state = request.state === 'PENDING' ? 'EXPIRED' : request.state;
  return silent(request.id, fill(words.texts.ended[state], { device: request.deviceName }), words);
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
