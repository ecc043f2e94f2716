import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, type ButtonProps } from './button.tsx';

const SAYS_SO_MS = 2_000;

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label, ...props }: { readonly text: string; readonly label: string } & ButtonProps) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SAYS_SO_MS);
  };
  return (
    <>
      <Button {...props} onPress={() => void copy()}>
        {isCopied ? t('copied') : label}
      </Button>
      <span className="visually-hidden" role="status">
        {isCopied ? t('copied') : ''}
      </span>
    </>
  );
}
