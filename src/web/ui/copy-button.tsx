import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, type ButtonProps } from './button.tsx';
import { copyText } from './copy.ts';

const SAYS_SO_MS = 2_000;

/** Copies a text, and says so, or that it could not, for a moment. */
export function CopyButton({ text, label, ...props }: { readonly text: string; readonly label: string } & ButtonProps) {
  const { t } = useTranslation();
  const [said, setSaid] = useState<'copied' | 'notCopied' | null>(null);
  const copy = async () => {
    setSaid((await copyText(text)) ? 'copied' : 'notCopied');
    setTimeout(() => setSaid(null), SAYS_SO_MS);
  };
  return (
    <>
      <Button {...props} onPress={() => void copy()}>
        {said ? t(said) : label}
      </Button>
      <span className="visually-hidden" role="status">
        {said ? t(said) : ''}
      </span>
    </>
  );
}
