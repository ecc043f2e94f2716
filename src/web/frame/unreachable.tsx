import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Door } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { useIsOnline } from './use-is-online.ts';

const ASK_AGAIN_MS = 5_000;

/** Nothing could be read yet. It asks again by itself, at once when the browser has a network again. */
export function Unreachable({ onAskAgain }: { readonly onAskAgain: () => void }) {
  const { t } = useTranslation();
  const isOnline = useIsOnline();
  useEffect(() => {
    if (!isOnline) return;
    onAskAgain();
    const timer = setInterval(onAskAgain, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isOnline, onAskAgain]);
  return (
    <Door title={t('unreachable.title')} lead={t('unreachable.text')}>
      <Button look="primary" isWide onPress={onAskAgain}>
        {t('tryAgain')}
      </Button>
    </Door>
  );
}
