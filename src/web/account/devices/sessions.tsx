import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { EndSessionDocument, type SessionFieldsFragment, SessionsDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useSession } from '../../session/session.tsx';
import { useLookAgain } from '../../session/use-look-again.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { useSay } from '../said.tsx';
import styles from './devices.module.css';
import { SessionItem } from './session-item.tsx';

/** What is signed in now, each of which can be signed out by itself. */
export function Sessions() {
  const { t } = useTranslation(['account', 'common']);
  const faultText = useFaultText();
  const [{ data, error }, ask] = useQuery({ query: SessionsDocument });
  const refresh = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useLookAgain(refresh);
  const sessions = data?.viewer?.sessions;
  return (
    <Card title={t('sessions.title')} lead={t('sessions.lead')}>
      {sessions && <SessionList sessions={sessions} onEnded={refresh} />}
      {!sessions && !error && <Waiting />}
      {!sessions && error && (
        <Notice look="alarm" title={faultText(error)}>
          <Button onPress={refresh}>{t('tryAgain', { ns: 'common' })}</Button>
        </Notice>
      )}
    </Card>
  );
}

interface SessionListProps {
  readonly sessions: readonly SessionFieldsFragment[];
  readonly onEnded: () => void;
}

function SessionList({ sessions, onEnded }: SessionListProps) {
  const { t } = useTranslation('account');
  const say = useSay();
  const faultText = useFaultText();
  const { leave } = useSession();
  const [, endSession] = useMutation(EndSessionDocument);
  const [endingId, setEndingId] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const list = useRef<HTMLUListElement>(null);

  // The button that was pressed goes with its row: the focus goes to the list instead of nowhere.
  const isGone = endingId !== null && !sessions.some(({ id }) => id === endingId);
  useEffect(() => {
    if (!isGone) return;
    list.current?.focus();
    setEndingId(null);
  }, [isGone]);

  /** @returns whether it is over */
  const end = async ({ id, isCurrent, device }: SessionFieldsFragment): Promise<boolean> => {
    setFault(null);
    setEndingId(id);
    const { error } = await endSession({ id });
    if (error) {
      setEndingId(null);
      setFault(faultText(error));
      return false;
    }
    if (!isCurrent) {
      say(t('sessions.done', { device: device.name }));
      onEnded();
    }
    return true;
  };

  return (
    <>
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <ul ref={list} className={styles.list} tabIndex={-1} aria-label={t('sessions.title')}>
        {sessions.map((session) => (
          <SessionItem
            key={session.id}
            session={session}
            isEnding={session.id === endingId}
            onEnd={() => void (session.isCurrent ? leave(() => end(session)) : end(session))}
          />
        ))}
      </ul>
    </>
  );
}
