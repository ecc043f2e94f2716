import { useState } from 'react';
import { FieldError, Input, Label, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import styles from './code-field.module.css';
import { codeIn } from './digits.ts';
import type { CodeEntry } from './use-code-entry.ts';

export interface CodeFieldProps {
  readonly entry: CodeEntry;
  /** Whether the last digit sends the code; true unless said. */
  readonly isSentWhenWhole?: boolean;
}

/** One field for the whole code: it takes what a phone offers from a message, and a paste with words around the digits. */
export function CodeField({ entry, isSentWhenWhole = true }: CodeFieldProps) {
  const { t } = useTranslation();
  // What is being composed belongs to the keyboard: a value that changes under it is typed twice.
  const [composed, compose] = useState<string | null>(null);
  const length = entry.challenge.codeLength;
  const error = entry.faults.code;
  const take = (typed: string) => {
    const code = codeIn(typed, length);
    entry.type(code);
    if (isSentWhenWhole && code.length === length && code !== entry.code) entry.submit(code);
  };
  return (
    <TextField
      className={styles.field ?? ''}
      value={composed ?? entry.code}
      onChange={composed === null ? take : compose}
      isInvalid={Boolean(error)}
      // While a code is being looked at; the field keeps the focus.
      isReadOnly={entry.isPending}
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
        onCompositionStart={({ currentTarget }) => compose(currentTarget.value)}
        onCompositionEnd={({ currentTarget }) => {
          compose(null);
          take(currentTarget.value);
        }}
      />
      {/* The focus stays where it is, so what is wrong has to be read out by itself. */}
      <FieldError className={styles.error ?? ''}>
        <span role="alert">{error}</span>
      </FieldError>
    </TextField>
  );
}
