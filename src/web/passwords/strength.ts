import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';

// As the server judges, so that a meter that is content is seldom wrong.
const estimator = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  maxLength: 64,
  l33tMaxSubstitutions: 5,
});

/** How hard a password is to guess, from 0 to 4; the server wants 3. */
export function strengthOf(password: string, words: readonly string[]): 0 | 1 | 2 | 3 | 4 {
  return estimator.check(password, [...words]).score;
}
