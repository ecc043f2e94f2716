import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useMutation } from 'urql';
import { Link } from 'wouter';
import { TestPushDocument, UpdateCurrentDeviceDocument } from '../api/operations.ts';
import { askForNotifications, notificationPermission } from '../prompts/notifications.ts';
import { NotificationsCard } from '../prompts/notifications-card.tsx';
import { useSession, useSettings, useViewer } from '../session/session.tsx';
import { useFault } from '../session/use-fault.ts';
import { useProductName } from '../session/use-product-name.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { canBeWoken, isBeforeHomeScreen } from './browser.ts';
import { kept } from './kept.ts';
import { Push } from './push.ts';
import styles from './push-card.module.css';

export interface PushCardProps {
  /** Puts off the question whether to turn it on; undefined where nobody asks. */
  readonly onLater?: (() => void) | undefined;
}

/** How this device tells of sign-ins while nobody looks at the page: also when none is open, where the browser can. */
export function PushCard({ onLater }: PushCardProps) {
  const { isTrusted, receivesCodes } = useViewer().currentDevice;
  const { pushKey } = useSettings();
  if (!isTrusted) return null;
  if (!receivesCodes) return <NoCodesCard />;
  if (pushKey === null) return <NotificationsCard />;
  if (canBeWoken()) return <WakingCard pushKey={pushKey} onLater={onLater} />;
  return isBeforeHomeScreen() ? <HomeScreenCard /> : <NotificationsCard />;
}

function NoCodesCard() {
  const { t } = useTranslation(['prompts', 'account']);
  return (
    <Card title={t('notifications.title')} lead={t('push.noCodes')}>
      <p>
        <Link href="/account/devices">{t('push.toDevices')}</Link>
      </p>
    </Card>
  );
}

function HomeScreenCard() {
  const { t } = useTranslation('prompts');
  return (
    <Card title={t('notifications.title')} lead={t('push.why')}>
      <p>{t('push.homeScreen')}</p>
    </Card>
  );
}

function WakingCard({ pushKey, onLater }: PushCardProps & { readonly pushKey: string }) {
  const { t } = useTranslation('prompts');
  const productName = useProductName();
  const { isOn, isBlocked, fault, isPending, turn } = useTurning(pushKey);
  if (isBlocked) {
    return (
      <Card title={t('notifications.title')} lead={t('notifications.blocked', { productName })}>
        <p>{t('notifications.unblock')}</p>
      </Card>
    );
  }
  const button = (
    <Button look={onLater && !isOn ? 'primary' : 'secondary'} isPending={isPending} onPress={turn}>
      {t(isOn ? 'notifications.turnOff' : 'notifications.turnOn')}
    </Button>
  );
  return (
    <Card title={t('notifications.title')} lead={t(isOn ? 'push.on' : 'push.why')} aside={isOn && button}>
      {isOn ? (
        <WhatIsShown />
      ) : (
        <>
          <p>{t('push.lockScreen')}</p>
          <div className={styles.buttons}>
            {button}
            {onLater && (
              <Button look="plain" onPress={onLater}>
                {t('push.later')}
              </Button>
            )}
          </div>
        </>
      )}
      {fault && <p role="alert">{fault}</p>}
    </Card>
  );
}

/** Whether it is on here, and the way from the one to the other. */
function useTurning(pushKey: string) {
  const { t } = useTranslation('prompts');
  const client = useClient();
  const { currentDevice } = useViewer();
  const { refresh } = useSession();
  const [permission, setPermission] = useState(notificationPermission);
  const [, update] = useMutation(UpdateCurrentDeviceDocument);
  const { fault, refuse, say } = useFault();
  const push = new Push(client, currentDevice, pushKey);
  const isOn = permission === 'granted' && currentDevice.hasPush;

  const turnOn = async () => {
    const answer = await askForNotifications();
    setPermission(answer);
    await update({ input: { notificationsEnabled: answer === 'granted' } });
    return answer === 'granted' ? push.turnOn() : null;
  };
  const { isPending, submit } = useSubmission(async () => {
    say(null);
    const error = await (isOn ? push.turnOff() : turnOn());
    if (error === 'refused') say(t('push.refused'));
    else if (error) refuse(error);
    await refresh();
  });
  return { isOn, isBlocked: permission === 'denied', fault, isPending, turn: () => submit() };
}

/** What stands on a locked screen, and what that looks like. */
function WhatIsShown() {
  const { t } = useTranslation('prompts');
  const productName = useProductName();
  const [showsCode, setShowsCode] = useState(false);
  useEffect(() => {
    void kept.read('showsCode').then((chosen) => setShowsCode(chosen ?? false));
  }, []);
  const choose = (chosen: boolean) => {
    setShowsCode(chosen);
    void kept.keep('showsCode', chosen);
  };
  return (
    <>
      <Checkbox isSelected={showsCode} onChange={choose} description={t('push.codeMeans', { productName })}>
        {t('push.code')}
      </Checkbox>
      <Test />
    </>
  );
}

/** A message to oneself, the whole way that a code's would go. */
function Test() {
  const { t } = useTranslation('prompts');
  const [, test] = useMutation(TestPushDocument);
  const [isSent, setSent] = useState(false);
  const { fault, refuse, say } = useFault();
  const { isPending, submit } = useSubmission(async () => {
    say(null);
    const { error } = await test({});
    setSent(!error);
    if (error) refuse(error);
  });
  return (
    <>
      <div>
        <Button isSmall isPending={isPending} onPress={() => submit()}>
          {t('push.test')}
        </Button>
      </div>
      <div role="status">{isSent && <p>{t('push.sent')}</p>}</div>
      {fault && <p role="alert">{fault}</p>}
    </>
  );
}
