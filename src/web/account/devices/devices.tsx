import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { type DeviceFieldsFragment, DevicesDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useViewer } from '../../session/session.tsx';
import { useIsHeld } from '../../session/use-is-held.ts';
import { useLookAgain } from '../../session/use-look-again.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { Page } from '../page.tsx';
import { useSay } from '../said.tsx';
import { DeviceItem } from './device-item.tsx';
import styles from './devices.module.css';
import { RemoveDialog } from './remove-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { Sessions } from './sessions.tsx';
import { SignOutOthers } from './sign-out-others.tsx';

/** The devices that have signed in: those that are trusted, and the others. */
export function Devices() {
  const { t } = useTranslation(['account', 'common']);
  const { twoStep } = useViewer();
  const { devices, fault, refresh } = useDevices();
  return (
    <Page title={t('devices.title')} lead={t('devices.lead')}>
      {fault && (
        <Notice look="alarm" title={fault}>
          <Button onPress={refresh}>{t('tryAgain', { ns: 'common' })}</Button>
        </Notice>
      )}
      {!devices && !fault && <Waiting />}
      {devices && <DeviceLists devices={devices} isTwoStepOn={twoStep.enabled} />}
      <Sessions />
      <SignOutOthers />
    </Page>
  );
}

function useDevices() {
  const faultText = useFaultText();
  const [{ data, error }, ask] = useQuery({ query: DevicesDocument });
  const refresh = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useLookAgain(refresh);
  return { devices: data?.viewer?.devices ?? null, fault: error && !data ? faultText(error) : null, refresh };
}

interface ListsProps {
  readonly devices: readonly DeviceFieldsFragment[];
  readonly isTwoStepOn: boolean;
}

function DeviceLists({ devices, isTwoStepOn }: ListsProps) {
  const { t } = useTranslation('account');
  const say = useSay();
  const [renamed, rename] = useState<DeviceFieldsFragment | null>(null);
  const [asked, ask] = useState<DeviceFieldsFragment | null>(null);
  const [removedId, setRemovedId] = useState<string | null>(null);
  const lists = useRef<HTMLElement>(null);
  const isHeld = useIsHeld();

  // The button that was pressed goes with its row: the focus goes to the list instead of nowhere.
  const isGone = removedId !== null && !devices.some(({ id }) => id === removedId);
  useEffect(() => {
    if (!isGone) return;
    lists.current?.focus();
    setRemovedId(null);
  }, [isGone]);

  const list = (shown: readonly DeviceFieldsFragment[]) => (
    <ul className={styles.list}>
      {shown.map((device) => (
        <DeviceItem key={device.id} device={device} onRename={() => rename(device)} onRemove={() => ask(device)} />
      ))}
    </ul>
  );
  const own = [...devices].sort((one, other) => Number(other.isCurrent) - Number(one.isCurrent));
  const trusted = own.filter(({ isTrusted }) => isTrusted);
  const others = own.filter(({ isTrusted }) => !isTrusted);
  return (
    <section ref={lists} className={styles.lists} tabIndex={-1} aria-label={t('devices.title')}>
      {isTwoStepOn ? (
        <>
          <Card title={t('devices.trusted.title')} lead={t('devices.trusted.lead')}>
            {trusted.length > 0 ? list(trusted) : <p className={styles.none}>{t('devices.trusted.none')}</p>}
          </Card>
          <Card title={t('devices.others.title')} lead={t('devices.others.lead')}>
            {others.length > 0 ? list(others) : <p className={styles.none}>{t('devices.others.none')}</p>}
          </Card>
        </>
      ) : (
        <Card
          title={t('devices.all.title')}
          lead={
            <>
              <span>{t('devices.all.lead')}</span> {!isHeld && <Link href="/account">{t('devices.all.turnOn')}</Link>}
            </>
          }
        >
          {list(own)}
        </Card>
      )}
      <RenameDialog device={renamed} onClose={() => rename(null)} />
      <RemoveDialog
        device={asked}
        onClose={() => ask(null)}
        onRemoved={(device) => {
          setRemovedId(device.id);
          say(t('remove.done', { device: device.name }));
        }}
      />
    </section>
  );
}
