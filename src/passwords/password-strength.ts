import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';
import type { Text } from '../api/problem.js';
import type { Limits } from '../config/limits.js';
import { WeakPassword } from './password.types.js';

/** Of zxcvbn's scores 0 to 4: 3 is "safely unguessable: moderate protection from offline slow-hash scenario". */
const MIN_SCORE = 3;
/** The estimate's work grows with the length, and a longer password is not what it is for. */
const ESTIMATED_CHARACTERS = 64;
/**
 * Of the letters that its other characters may stand for (`4` for `a`), so many combinations are tried. The 100 that
 * zxcvbn tries by itself find hardly more, and let one password hold up every other request for a second.
 */
const ESTIMATED_SUBSTITUTIONS = 5;

/**
 * Judges new passwords: their length, a list of common ones, words of the account, and an estimate of how hard they are
 * to guess. There are no rules of composition (NIST SP 800-63B-4 3.1.1.2).
 */
export class PasswordStrength {
  private readonly estimator = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    maxLength: ESTIMATED_CHARACTERS,
    l33tMaxSubstitutions: ESTIMATED_SUBSTITUTIONS,
  });

  constructor(
    private readonly limits: Limits,
    private readonly productName: string,
  ) {}

  /** @returns null if the password is strong enough for the account with this address */
  judge(password: string, email: string): WeakPassword | null {
    const characters = [...password.normalize('NFKC')];
    const { PASSWORD_MIN_LENGTH: min, PASSWORD_MAX_LENGTH: max } = this.limits;
    if (characters.length < min) return weak({ key: 'weakPassword.rule.tooShort', values: { count: min } });
    if (characters.length > max) return weak({ key: 'weakPassword.rule.tooLong', values: { count: max } });
    const estimated = characters.slice(0, ESTIMATED_CHARACTERS).join('');
    const { score, feedback, sequence } = this.estimator.check(estimated, this.wordsOf(email));
    if (score >= MIN_SCORE) return null;
    const isOwnWord = sequence.some((match) => match.dictionaryName === 'userInputs');
    const isCommon = sequence.length === 1 && sequence[0]?.dictionaryName?.toString().startsWith('passwords');
    return weak(
      ...(isOwnWord
        ? [{ key: 'weakPassword.rule.accountWords', values: { productName: this.productName } } as const]
        : []),
      ...(isCommon ? [{ key: 'weakPassword.rule.common' } as const] : []),
      ...(feedback.warning ? [{ key: `weakPassword.warning.${feedback.warning}` } as Text] : []),
      ...feedback.suggestions.map((suggestion) => ({ key: `weakPassword.suggestion.${suggestion}` }) as Text),
      { key: 'weakPassword.rule.guessable' },
    );
  }

  private wordsOf(email: string): string[] {
    const [local = '', host = ''] = email.split('@');
    return [email, local, host, ...local.split(/[^\p{L}\p{N}]+/u), ...host.split('.'), this.productName].filter(
      (word) => word.length >= 3,
    );
  }
}

function weak(...reasons: Text[]): WeakPassword {
  return new WeakPassword(reasons);
}
