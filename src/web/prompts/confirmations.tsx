import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { useSay } from '../account/said.tsx';
import { AcknowledgeConfirmationDocument, type ConfirmationFieldsFragment } from '../api/operations.ts';
import { useStore } from '../api/store.ts';
import { useViewer } from '../session/session.tsx';
import { useProductName } from '../session/use-product-name.ts';
import { Button } from '../ui/button.tsx';
import { useTitleNotice } from '../ui/title.ts';
import { answer } from './answers.ts';
import { Confirmation } from './confirmation.tsx';
import styles from './confirmations.module.css';
import { notifyOf, takeDown } from './notifications.ts';
import { signInOnTop } from './prompt-on-top.ts';
import { Refused } from './refused.tsx';
import { useConfirmations } from './use-confirmations.ts';
import { useEndings } from './use-endings.ts';
import { useSeen } from './use-seen.ts';
import { sendOf } from './use-waiting.ts';

/** On a trusted device: each action that another device asks for raises a prompt, until it is answered. */
export function Confirmations() {
  const { t } = useTranslation('prompts');
  const { isTrusted } = useViewer().currentDevice;
  const { waiting, stateOf } = useConfirmations(isTrusted);
  const [putAside, setPutAside] = useState<readonly string[]>([]);
  const [refused, setRefused] = useState<ConfirmationFieldsFragment | null>(null);
  const refusedHere = useRef(new Set<string>());
  const isBehind = useStore(signInOnTop);
  useNotices(waiting);
  const say = useSay();
  useEndings(waiting, ({ id, productName }) => {
    void takeDown(id);
    const end = refusedHere.current.has(id) ? 'PENDING' : stateOf(id);
    if (end !== 'PENDING') say(t(`confirmation.ended.${end}`, { client: productName }));
  });
  useTitleNotice(waiting.length > 0 ? t('confirmation.waiting', { count: waiting.length }) : null);

  const answered = useStore(answer);
  // Whoever comes by a notification wants to see what it is about.
  useEffect(() => {
    if (answered) setPutAside([]);
  }, [answered]);
  const raised = waiting.filter((confirmation) => !putAside.includes(sendOf(confirmation)));
  const shown = isBehind ? undefined : raised[0];
  const [, acknowledge] = useMutation(AcknowledgeConfirmationDocument);
  useSeen(shown?.id, acknowledge);
  if (refused) return <Refused confirmation={refused} onClose={() => setRefused(null)} />;
  return (
    <>
      {shown && (
        <Confirmation
          key={shown.id}
          confirmation={shown}
          waiting={raised.length - 1}
          onRefuse={() => refusedHere.current.add(shown.id)}
          onRefused={() => setRefused(shown)}
          onPutAside={() => setPutAside([...putAside, sendOf(shown)])}
        />
      )}
      {raised.length === 0 && waiting.length > 0 && (
        <div className={styles.aside}>
          <Button look="primary" onPress={() => setPutAside([])}>
            {t('confirmation.waiting', { count: waiting.length })}
          </Button>
        </div>
      )}
    </>
  );
}

/**
 * Where the browser may, a notification for each that comes while nobody looks. It does not say what is asked: it stands on
 * locked screens too.
 */
function useNotices(waiting: readonly ConfirmationFieldsFragment[]): void {
  const { t } = useTranslation('prompts');
  const productName = useProductName();
  // Where pushes come, the service worker tells of it.
  const isWoken = useViewer().currentDevice.hasPush;
  const sends = waiting.map(sendOf).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sends tell when there is another to tell of
  useEffect(() => {
    if (isWoken) return;
    const close = waiting.map(({ id, productName: client }) =>
      notifyOf(id, t('confirmation.title', { client }), t('confirmation.notice', { productName })),
    );
    return () => {
      for (const end of close) end();
    };
  }, [sends]);
}
