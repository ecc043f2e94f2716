import { createContext, type PropsWithChildren, useCallback, useContext, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import styles from './said.module.css';

const STAYS_MS = 10_000;

const SayContext = createContext<(text: string) => void>(() => undefined);

/** Says what has been done: shown for a while, and read out. */
export function useSay(): (text: string) => void {
  return useContext(SayContext);
}

/** Where what was done is said. The region is always there: readers do not notice one that comes with its text. */
export function Said({ children }: PropsWithChildren) {
  const { t } = useTranslation('common');
  const [said, setSaid] = useState<{ readonly text: string } | null>(null);
  const say = useCallback((text: string) => setSaid({ text }), []);
  useEffect(() => {
    if (!said) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // It stays until it has been in sight so long: how a sign-in ended may be said while nobody looks.
    const begin = () => {
      clearTimeout(timer);
      if (document.visibilityState === 'visible') timer = setTimeout(() => setSaid(null), STAYS_MS);
    };
    begin();
    document.addEventListener('visibilitychange', begin);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', begin);
    };
  }, [said]);
  return (
    <SayContext value={say}>
      {children}
      <div className={styles.place} data-live-announcer>
        <div role="status">{said && <p className={`${styles.said} clamped`}>{said.text}</p>}</div>
        {said && (
          <Button look="plain" isSmall onPress={() => setSaid(null)}>
            {t('close')}
          </Button>
        )}
      </div>
    </SayContext>
  );
}
