import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { faultText } from '../api/faults.ts';
import { UpdateCurrentDeviceDocument } from '../api/operations.ts';
import { useSession, useViewer } from '../session/session.tsx';
import { useProductName } from '../session/use-product-name.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { askForNotifications, notificationPermission } from './notifications.ts';

/**
 * Whether this browser tells of sign-ins while nobody looks at the page, though one is open: for browsers that cannot be
 * woken otherwise. Asked for here, with the reason beside it.
 */
export function NotificationsCard() {
  const { t, i18n } = useTranslation('prompts');
  const { currentDevice } = useViewer();
  const { refresh } = useSession();
  const productName = useProductName();
  const [permission, setPermission] = useState(notificationPermission);
  const [{ error }, update] = useMutation(UpdateCurrentDeviceDocument);
  const isOn = permission === 'granted' && currentDevice.notificationsEnabled;
  const report = async (notificationsEnabled: boolean) => {
    await update({ input: { notificationsEnabled } });
    await refresh();
  };
  const turnOn = async () => {
    const answer = await askForNotifications();
    setPermission(answer);
    await report(answer === 'granted');
  };
  const { isPending, submit } = useSubmission(() => (isOn ? report(false) : turnOn()));
  if (!currentDevice.isTrusted || permission === 'unsupported') return null;

  return (
    <Card
      title={t('notifications.title')}
      lead={t(permission === 'denied' ? 'notifications.blocked' : isOn ? 'notifications.on' : 'notifications.why', {
        productName,
      })}
      aside={
        permission !== 'denied' && (
          <Button isPending={isPending} onPress={() => submit()}>
            {t(isOn ? 'notifications.turnOff' : 'notifications.turnOn')}
          </Button>
        )
      }
    >
      {permission === 'denied' && <p>{t('notifications.unblock')}</p>}
      {error && <p role="alert">{faultText(error, i18n.getFixedT(null, 'common'), i18n.language)}</p>}
    </Card>
  );
}
