import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { useLocation } from 'wouter';
import { type ActivityType, RemoveDeviceDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useIsHeld } from '../../session/use-is-held.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { useSay } from '../said.tsx';
import { ActivitySentence } from './activity-sentence.tsx';
import type { Happening } from './happenings.ts';
import styles from './not-me-dialog.module.css';

/** After these the old password is worth nothing: another one comes by the mailbox. */
const takesPassword: readonly ActivityType[] = ['PASSWORD_CHANGED', 'PASSWORD_RESET'];
/** Nobody else did these: they were stopped, or can be done from within the account alone. */
const harmless: readonly ActivityType[] = [
  'SIGNED_UP',
  'SIGNED_OUT',
  'WRONG_PASSWORD',
  'LOGIN_DENIED',
  'CONFIRMATION_DENIED',
];

/** Whether somebody may want to say 'this was not me' of it: not of what this very device did. */
export function mayBeAnothers({ head }: Happening, currentDeviceId: string): boolean {
  return !harmless.includes(head.type) && head.device?.id !== currentDeviceId;
}

export interface NotMeDialogProps {
  /** Null: the dialog is closed. */
  readonly happening: Happening | null;
  readonly onClose: () => void;
}

/** 'This was not me', of what has happened already: takes the device off the account, and leads on to the password. */
export function NotMeDialog({ happening, onClose }: NotMeDialogProps) {
  const { t } = useTranslation('account');
  return (
    <Dialog title={t('activity.notMe.title')} role="alertdialog" isOpen={happening !== null} onClose={onClose}>
      {happening && <NotMe happening={happening} onClose={onClose} />}
    </Dialog>
  );
}

function NotMe({ happening: { head }, onClose }: NotMeDialogProps & { readonly happening: Happening }) {
  const { t } = useTranslation(['account', 'common']);
  const say = useSay();
  const faultText = useFaultText();
  const [, navigate] = useLocation();
  const [, remove] = useMutation(RemoveDeviceDocument);
  const [fault, setFault] = useState<string | null>(null);
  const { device, deviceName } = head;
  const isHeld = useIsHeld();

  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    if (device) {
      const { error } = await remove({ id: device.id });
      if (error) return setFault(faultText(error));
      say(t('remove.done', { device: deviceName }));
    }
    onClose();
    if (isHeld) navigate('/account/devices');
    else navigate(takesPassword.includes(head.type) ? '/reset-password' : '/account/password');
  });

  return (
    <>
      <p>
        <ActivitySentence entry={head} /> · <span>{head.location.label}</span>
      </p>
      <ol className={styles.steps}>
        <li>{device ? t('activity.notMe.remove', { device: deviceName }) : t('activity.notMe.gone')}</li>
        <li>{t(isHeld ? 'activity.notMe.heldPassword' : 'activity.notMe.password')}</li>
      </ol>
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <DialogActions>
        <Button onPress={onClose} autoFocus>
          {t('cancel', { ns: 'common' })}
        </Button>
        <Button look={device ? 'danger' : 'primary'} isPending={isPending} onPress={() => submit()}>
          {t(device ? 'activity.notMe.submit' : isHeld ? 'activity.notMe.heldNext' : 'activity.notMe.next')}
        </Button>
      </DialogActions>
    </>
  );
}
