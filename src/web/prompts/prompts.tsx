import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { useSay } from '../account/said.tsx';
import { AcknowledgeLoginRequestDocument, type RequestFieldsFragment } from '../api/operations.ts';
import { useStore } from '../api/store.ts';
import { useViewer } from '../session/session.tsx';
import { useProductName } from '../session/use-product-name.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useTitleNotice } from '../ui/title.ts';
import { answer } from './answers.ts';
import { Denied } from './denied.tsx';
import { NotMe } from './not-me.tsx';
import { notifyOf, takeDown } from './notifications.ts';
import { Prompt } from './prompt.tsx';
import { useSignInOnTop } from './prompt-on-top.ts';
import styles from './prompts.module.css';
import { useEndings } from './use-endings.ts';
import { useLoginRequests } from './use-login-requests.ts';
import { useSeen } from './use-seen.ts';
import { sendOf } from './use-waiting.ts';

/** On a trusted device: each sign-in elsewhere raises a prompt, wherever the person is, until it is answered. */
export function Prompts() {
  const { t } = useTranslation('prompts');
  const { isTrusted } = useViewer().currentDevice;
  const { waiting: requests, stateOf } = useLoginRequests(isTrusted);
  const [putAside, setPutAside] = useState<readonly string[]>([]);
  const [denied, setDenied] = useState<RequestFieldsFragment | null>(null);
  const refusedHere = useRef(new Set<string>());
  useNotices(requests);
  const say = useSay();
  useEndings(requests, ({ id, deviceName }) => {
    void takeDown(id);
    const end = refusedHere.current.has(id) ? 'PENDING' : stateOf(id);
    if (end !== 'PENDING') say(t(`ended.${end}`, { device: deviceName }));
  });
  useTitleNotice(requests.length > 0 ? t('waiting', { count: requests.length }) : null);

  const answered = useStore(answer);
  // Whoever comes by a notification wants to see what it is about.
  useEffect(() => {
    if (answered) setPutAside([]);
  }, [answered]);
  const refused = requests.find(({ id }) => id === answered?.notMe);
  const raised = requests.filter((request) => !putAside.includes(sendOf(request)));
  const [shown] = raised;
  const [, acknowledge] = useMutation(AcknowledgeLoginRequestDocument);
  useSeen(shown?.id, acknowledge);
  useSignInOnTop(Boolean(shown ?? denied));
  if (denied) return <Denied request={denied} onClose={() => setDenied(null)} />;
  const answers = (request: RequestFieldsFragment) => ({
    request,
    onDeny: () => refusedHere.current.add(request.id),
    onDenied: () => setDenied(request),
  });
  if (refused) return <NotMe key={refused.id} {...answers(refused)} onKeep={() => answer.set(null)} />;
  return (
    <>
      {shown && (
        <Prompt
          key={shown.id}
          {...answers(shown)}
          waiting={raised.length - 1}
          onPutAside={() => setPutAside([...putAside, sendOf(shown)])}
        />
      )}
      {!shown && requests.length > 0 && (
        <div className={styles.aside}>
          <Button look="primary" onPress={() => setPutAside([])}>
            {t('waiting', { count: requests.length })}
          </Button>
        </div>
      )}
    </>
  );
}

/** In the place of the prompts where they broke: whoever waits for a code here has to know. */
export function BrokenPrompts() {
  const { t } = useTranslation(['prompts', 'common']);
  return (
    <div className={styles.aside}>
      <Notice look="alarm" title={t('broken')}>
        <Button isSmall onPress={() => location.reload()}>
          {t('broken.again', { ns: 'common' })}
        </Button>
      </Notice>
    </div>
  );
}

/** Where the browser may, a notification for each request that comes while nobody looks; it goes when it is answered. */
function useNotices(requests: readonly RequestFieldsFragment[]): void {
  const { t } = useTranslation('prompts');
  const productName = useProductName();
  // Where pushes come, the service worker tells of it.
  const isWoken = useViewer().currentDevice.hasPush;
  const sends = requests.map(sendOf).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sends tell when there is another to tell of
  useEffect(() => {
    if (isWoken) return;
    const close = requests.map((request) =>
      notifyOf(request.id, t('notice.title'), t('notice.text', { device: request.deviceName, productName })),
    );
    return () => {
      for (const end of close) end();
    };
  }, [sends]);
}
