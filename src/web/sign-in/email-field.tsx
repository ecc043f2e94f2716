import { useTranslation } from 'react-i18next';
import { TextField } from '../ui/text-field.tsx';

export interface EmailFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What is wrong with it. */
  readonly fault: string | null;
}

/** The address of an account, which is also the name that password managers keep it under. */
export function EmailField({ value, onChange, fault }: EmailFieldProps) {
  const { t } = useTranslation('signIn');
  return (
    <TextField
      label={t('email')}
      type="email"
      autoComplete="username"
      inputMode="email"
      value={value}
      onChange={onChange}
      error={fault}
      isRequired
    />
  );
}
