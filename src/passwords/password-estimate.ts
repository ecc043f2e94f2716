import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';

// Runs in a thread of its own, which alone holds the dictionaries: see password-strength.ts.

/** Of a password so much is estimated: the work grows with the length, and a longer one is not what it is for. */
const ESTIMATED_CHARACTERS = 64;
/**
 * Of the letters that its other characters may stand for (`4` for `a`), so many combinations are tried. The 100 that
 * zxcvbn tries by itself find hardly more, and let one password keep the thread busy for a second.
 */
const ESTIMATED_SUBSTITUTIONS = 5;

const estimator = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  maxLength: ESTIMATED_CHARACTERS,
  l33tMaxSubstitutions: ESTIMATED_SUBSTITUTIONS,
});

/** What is to be estimated: a password, and the words that those who guess its owner's try first. */
export interface Estimated {
  readonly text: string;
  readonly words: readonly string[];
}

/** How hard a password is to guess, and why. */
export interface Estimate {
  /** zxcvbn's, 0 to 4. */
  readonly score: number;
  readonly isOwnWord: boolean;
  readonly isCommon: boolean;
  readonly warning: string | null;
  readonly suggestions: readonly string[];
}

export default function estimate({ text, words }: Estimated): Estimate {
  const { score, feedback, sequence } = estimator.check(text, [...words]);
  return {
    score,
    isOwnWord: sequence.some((match) => match.dictionaryName === 'userInputs'),
    isCommon: sequence.length === 1 && Boolean(sequence[0]?.dictionaryName?.toString().startsWith('passwords')),
    warning: feedback.warning ?? null,
    suggestions: feedback.suggestions,
  };
}
