import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { AcknowledgeLoginRequestDocument, type RequestFieldsFragment } from '../api/operations.ts';
import { useViewer } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Denied } from './denied.tsx';
import { notifyOf } from './notifications.ts';
import { Prompt } from './prompt.tsx';
import styles from './prompts.module.css';
import { useLoginRequests } from './use-login-requests.ts';

/** On a trusted device: each sign-in elsewhere raises a prompt, wherever the person is, until it is answered. */
export function Prompts() {
  const { t } = useTranslation('prompts');
  const { isTrusted } = useViewer().currentDevice;
  const requests = useLoginRequests(isTrusted);
  const [putAside, setPutAside] = useState<readonly string[]>([]);
  const [denied, setDenied] = useState<RequestFieldsFragment | null>(null);
  useNotices(requests);

  const raised = requests.filter((request) => !putAside.includes(sendOf(request)));
  const [shown] = raised;
  useAcknowledgement(shown);
  if (denied) return <Denied request={denied} onClose={() => setDenied(null)} />;
  return (
    <>
      {shown && (
        <Prompt
          key={shown.id}
          request={shown}
          waiting={raised.length - 1}
          onDenied={() => setDenied(shown)}
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

/** What is put aside is one send of a code: when somebody has it sent again, its prompt is back. */
function sendOf({ id, sentAt }: RequestFieldsFragment): string {
  return `${id} ${sentAt}`;
}

/** Tells the server, once, that a person can see the code: not while the page is in a tab behind others. */
function useAcknowledgement(request: RequestFieldsFragment | undefined): void {
  const [, acknowledge] = useMutation(AcknowledgeLoginRequestDocument);
  const id = request?.id;
  const tell = useCallback(() => {
    if (id && document.visibilityState === 'visible') void acknowledge({ id });
  }, [id, acknowledge]);
  useEffect(() => {
    tell();
    document.addEventListener('visibilitychange', tell);
    return () => document.removeEventListener('visibilitychange', tell);
  }, [tell]);
}

/** Where the browser may, a notification for each request that comes while nobody looks; it goes when it is answered. */
function useNotices(requests: readonly RequestFieldsFragment[]): void {
  const { t } = useTranslation('prompts');
  const sends = requests.map(sendOf).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sends tell when there is another to tell of
  useEffect(() => {
    const close = requests.map((request) =>
      notifyOf(request.id, t('notice.title'), t('notice.text', { device: request.deviceName })),
    );
    return () => {
      for (const end of close) end();
    };
  }, [sends]);
}
