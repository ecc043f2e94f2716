import { type ReactNode, useState } from 'react';
import { TextField as AriaTextField, FieldError, Input, Label, Text, type TextFieldProps } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import styles from './field.module.css';

export interface FieldProps extends Omit<TextFieldProps, 'className' | 'style' | 'children'> {
  readonly label: string;
  readonly description?: ReactNode;
  /** What is wrong with the value, as the server or the form says. */
  readonly error?: string | null;
  readonly placeholder?: string;
}

/** One line of text with its label. */
export function TextField({ placeholder, ...field }: FieldProps) {
  return (
    <Field {...field}>
      <Input className={styles.input ?? ''} placeholder={placeholder} />
    </Field>
  );
}

/** A password, hidden until it is asked to be shown. */
export function PasswordField(field: Omit<FieldProps, 'type'>) {
  const { t } = useTranslation();
  const [isShown, show] = useState(false);
  return (
    <Field {...field} type={isShown ? 'text' : 'password'}>
      <Input className={styles.input ?? ''} spellCheck={false} autoCapitalize="none" />
      <Button
        look="plain"
        isSmall
        onPress={() => show(!isShown)}
        aria-label={t(isShown ? 'hidePassword' : 'showPassword')}
      >
        {t(isShown ? 'hide' : 'show')}
      </Button>
    </Field>
  );
}

function Field({
  label,
  description,
  error,
  children,
  ...field
}: Omit<FieldProps, 'placeholder'> & { children: ReactNode }) {
  return (
    <AriaTextField {...field} isInvalid={Boolean(error)} className={styles.field ?? ''} validationBehavior="aria">
      <Label className={styles.label ?? ''}>{label}</Label>
      <div className={styles.box}>{children}</div>
      {description && (
        <Text slot="description" className={styles.description ?? ''}>
          {description}
        </Text>
      )}
      <FieldError className={styles.error ?? ''}>{error}</FieldError>
    </AriaTextField>
  );
}
