import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSettings } from '../session/session.tsx';
import { PasswordField } from '../ui/text-field.tsx';
import styles from './new-password-field.module.css';

export interface NewPasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What a good password does not hold: the account's address. */
  readonly words: readonly string[];
  /** What the server said of the last one. */
  readonly advice: readonly string[];
}

/** A password that is being chosen, with an estimate of its strength; the server has the last word. */
export function NewPasswordField({ label, value, onChange, words, advice }: NewPasswordFieldProps) {
  const { t } = useTranslation();
  const { passwordMinLength } = useSettings();
  const score = useStrength(value, words);
  const isGood = [...value].length >= passwordMinLength && (score ?? GOOD) >= GOOD;
  const error = useUntilMended(advice.join(' '), value, isGood);
  return (
    <div className={styles.choice}>
      <PasswordField
        label={label}
        autoComplete="new-password"
        value={value}
        onChange={onChange}
        description={t('strength.rule', { count: passwordMinLength })}
        error={error}
        isRequired
      />
      {/* It has its place from the start: what is below may not move while somebody presses it. */}
      <div className={styles.strength}>
        <meter
          className={styles.meter}
          min={0}
          max={4}
          low={2}
          high={3}
          optimum={4}
          value={score === null ? 0 : Math.max(score, 0.25)}
          aria-hidden="true"
        />
        <p role="status">{score !== null && t(`strength.${score}`)}</p>
      </div>
    </div>
  );
}

type Score = 0 | 1 | 2 | 3 | 4;
/** What the server wants. */
const GOOD = 3;

/**
 * What was said of a password, until that is mended: by anything where there was nothing, else by another password that
 * the server would most likely take.
 */
function useUntilMended(said: string, value: string, isGood: boolean): string | null {
  const [refused, setRefused] = useState({ said, value });
  if (refused.said !== said) setRefused({ said, value });
  const isMended = value !== refused.value && (refused.value === '' || isGood);
  return said === '' || isMended ? null : said;
}

/**
 * The estimate is fetched when the first password is typed: it knows many words, and weighs as much.
 * @returns null while it is not there, and for no password
 */
function useStrength(password: string, words: readonly string[]): Score | null {
  const [score, setScore] = useState<Score | null>(null);
  const known = words.join(' ');
  useEffect(() => {
    if (password === '') return;
    let isCurrent = true;
    import('./strength.ts').then(
      ({ strengthOf }) => {
        if (isCurrent) setScore(strengthOf(password, known.split(/[\s@.]+/)));
      },
      // Without it the server still says what it thinks of the password.
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [password, known]);
  return password === '' ? null : score;
}
