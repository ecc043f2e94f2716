import { FieldError, Input, Label, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import styles from './code-field.module.css';

export interface CodeFieldProps {
  readonly length: number;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Called with a code that is complete. */
  readonly onComplete?: (code: string) => void;
  readonly error?: string | null;
  /** While a code is being looked at; the field keeps the focus. */
  readonly isReadOnly?: boolean;
}

/** One field for the whole code: it takes what a phone offers from a message, and a paste with spaces in it. */
export function CodeField({ length, value, onChange, onComplete, error, isReadOnly = false }: CodeFieldProps) {
  const { t } = useTranslation();
  const take = (typed: string) => {
    const code = typed.replace(/\D/g, '').slice(0, length);
    onChange(code);
    if (code.length === length && code !== value) onComplete?.(code);
  };
  return (
    <TextField
      className={styles.field ?? ''}
      value={value}
      onChange={take}
      isInvalid={Boolean(error)}
      isReadOnly={isReadOnly}
      validationBehavior="aria"
      autoFocus
    >
      <Label className={styles.label ?? ''}>{t('code.label', { digits: length })}</Label>
      <Input
        className={styles.input ?? ''}
        // Digits run from left to right in every language.
        dir="ltr"
        inputMode="numeric"
        autoComplete="one-time-code"
        autoCorrect="off"
        spellCheck={false}
        placeholder={'·'.repeat(length)}
      />
      {/* The focus stays where it is, so what is wrong has to be read out by itself. */}
      <FieldError className={styles.error ?? ''}>
        <span role="alert">{error}</span>
      </FieldError>
    </TextField>
  );
}
