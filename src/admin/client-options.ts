import { InvalidArgumentError } from 'commander';
import { type Scope, scopes } from '../api/caller.js';
import { mailbox } from '../config/config.js';
import { returnOrigin } from '../config/return-origin.js';

/** Of a product's name, as people are told it. */
const TEXT_LENGTH_MOST = 64;
const URL_LENGTH_MOST = 2048;

/** A text of one form. */
export function matching(form: RegExp): (text: string) => string {
  return (text) => {
    if (!form.test(text)) throw new InvalidArgumentError(`It must match ${form.source}`);
    return text;
  };
}

/** An option that may be said again: what each says, once. */
export function each(parse: (text: string) => string): (text: string, before: readonly string[]) => string[] {
  return (text, before) => [...new Set([...before, parse(text)])];
}

export function scopeList(text: string): Scope[] {
  const named = text.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !scopes.some((scope) => scope === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There are ${scopes.join(', ')}, and no '${unknown}'.`);
  return scopes.filter((scope) => named.includes(scope));
}

/** An address of the web. Whether a server of ours may go there is for the one that goes there to say. */
export function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOfWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!url || !isOfWeb || url.username || url.password || url.hash || url.href.length > URL_LENGTH_MOST) {
    throw new InvalidArgumentError(
      'An address such as https://shop.example/hook is wanted, without user and fragment.',
    );
  }
  return url.href;
}

export function originToReturnTo(text: string): string {
  try {
    return returnOrigin(text);
  } catch (error) {
    throw new InvalidArgumentError(`It ${(error as Error).message}.`);
  }
}

export function shortText(text: string): string {
  const trimmed = text.trim();
  if (!trimmed || trimmed.length > TEXT_LENGTH_MOST || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(trimmed)) {
    throw new InvalidArgumentError(`1 to ${TEXT_LENGTH_MOST} characters are wanted, none of them hidden.`);
  }
  return trimmed;
}

export function senderMailbox(text: string): string {
  try {
    mailbox(text);
  } catch (error) {
    throw new InvalidArgumentError(`It ${(error as Error).message}.`);
  }
  return text;
}
