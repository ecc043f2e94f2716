import type { ActionText } from '../api/action-text.js';
import type { BoundAction } from '../codes/codes.js';
import type { Locale, Texts } from '../texts/texts.js';

/** An action as a person reads it: word for word as its backend wrote it, or in our own words where those are ours. */
export function shownAction(action: BoundAction, texts: Texts, locale: Locale): ActionText {
  if (action.purpose !== 'DISABLE_TWO_STEP') return action;
  return { title: texts.t(locale, 'action.disableTwoStep'), fields: [] };
}
