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
  readonly isDisabled?: boolean;
}

/** One field for the whole code: it takes what a phone offers from a message, and a paste with spaces in it. */
export function CodeField({ length, value, onChange, onComplete, error, isDisabled = false }: CodeFieldProps) {
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
      isDisabled={isDisabled}
      validationBehavior="aria"
      autoFocus
    >
      <Label className={styles.label ?? ''}>{t('code.label', { digits: length })}</Label>
      <Input
        className={styles.input ?? ''}
        inputMode="numeric"
        autoComplete="one-time-code"
        autoCorrect="off"
        spellCheck={false}
        placeholder={'·'.repeat(length)}
      />
      <FieldError className={styles.error ?? ''}>{error}</FieldError>
    </TextField>
  );
}
