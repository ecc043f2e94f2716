import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import { useSettings, useViewer } from '../session/session.tsx';
import { useProductName } from '../session/use-product-name.ts';
import { canBeWoken } from './browser.ts';
import { kept } from './kept.ts';
import { Push } from './push.ts';
import { registeredWorker, registerWorker } from './registration.ts';
import { wordsOf } from './words.ts';

/** While somebody is signed in: keeps the service worker there and told how to speak, and its notifications fresh. */
export default function KeepPush() {
  useWorker();
  useKeptUp();
  useNoNoticesInSight();
  return null;
}

function useWorker(): void {
  const { i18n } = useTranslation();
  const productName = useProductName();
  const { language } = i18n;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the texts change with the language
  useEffect(() => {
    void registerWorker().then(async (registration) => {
      if (registration) await kept.keep('words', await wordsOf(i18n, productName));
    });
  }, [language, productName]);
}

/** A page in sight shows whatever waits itself, and an old notification would stand there for good. */
function useNoNoticesInSight(): void {
  useEffect(() => {
    const clear = async () => {
      if (document.visibilityState !== 'visible') return;
      const registration = await registeredWorker();
      for (const notification of (await registration?.getNotifications()) ?? []) notification.close();
    };
    void clear();
    document.addEventListener('visibilitychange', clear);
    return () => document.removeEventListener('visibilitychange', clear);
  }, []);
}

/** What was turned on here stays so, and nothing else. */
function useKeptUp(): void {
  const client = useClient();
  const { currentDevice } = useViewer();
  const { pushKey } = useSettings();
  const { id, isTrusted } = currentDevice;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each device that is signed in here
  useEffect(() => {
    if (pushKey !== null && canBeWoken()) void new Push(client, currentDevice, pushKey).keepUp();
  }, [id, isTrusted, pushKey]);
}
