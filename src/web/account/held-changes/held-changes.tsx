import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { type HeldChangeFieldsFragment, HeldChangesDocument } from '../../api/operations.ts';
import { useViewer } from '../../session/session.tsx';
import { useIsHeld } from '../../session/use-is-held.ts';
import { useLookAgain } from '../../session/use-look-again.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useTimeTexts } from '../../ui/time.ts';
import styles from './held-changes.module.css';
import { ProveDialog } from './prove-dialog.tsx';
import { StopDialog } from './stop-dialog.tsx';

/** What the product has asked for and is not in force yet: another address, the end of the account. */
export function HeldChanges() {
  const isHeld = useIsHeld();
  const [{ data }, ask] = useQuery({ query: HeldChangesDocument, pause: !isHeld });
  const [stopped, stop] = useState<HeldChangeFieldsFragment | null>(null);
  const [proven, prove] = useState<HeldChangeFieldsFragment | null>(null);
  const look = useCallback(() => {
    if (isHeld) ask({ requestPolicy: 'network-only' });
  }, [ask, isHeld]);
  useLookAgain(look);
  return (
    <>
      {data?.viewer?.heldChanges.map((change) => (
        <HeldChange key={change.id} change={change} onStop={() => stop(change)} onProve={() => prove(change)} />
      ))}
      <StopDialog change={stopped} onClose={() => stop(null)} onStopped={look} />
      <ProveDialog change={proven} onClose={() => prove(null)} onProven={look} />
    </>
  );
}

interface HeldChangeProps {
  readonly change: HeldChangeFieldsFragment;
  readonly onStop: () => void;
  readonly onProve: () => void;
}

function HeldChange({ change, onStop, onProve }: HeldChangeProps) {
  const { t } = useTranslation('account');
  const { isTrusted } = useViewer().currentDevice;
  const { ahead } = useTimeTexts();
  const { kind, email, isProven, holdEndsInSeconds } = change;
  return (
    <Card title={t(`held.${kind}.title`)}>
      <Notice look="warn">
        <div className={styles.texts}>
          <p>{t(`held.${kind}.text`, { email })}</p>
          {holdEndsInSeconds > 0 && <p>{t(`held.${kind}.waits`, { time: ahead(change, holdEndsInSeconds) })}</p>}
          {!isProven && <p>{t('held.unproven')}</p>}
        </div>
      </Notice>
      {!isTrusted && (
        <p>
          <span>{t('held.untrusted')}</span> <Link href="/stop-change">{t('held.byMail')}</Link>
        </p>
      )}
      <div className={styles.actions}>
        {isTrusted && (
          <Button look="dangerQuiet" onPress={onStop}>
            {t(`held.${kind}.stop`)}
          </Button>
        )}
        {!isProven && <Button onPress={onProve}>{t('held.prove.ask')}</Button>}
      </div>
    </Card>
  );
}
