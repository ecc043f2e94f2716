import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { useLocation } from 'wouter';
import { type DeviceFieldsFragment, RemoveDeviceDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useSession } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useSubmission } from '../../ui/use-submission.ts';

export interface RemoveDialogProps {
  /** Null: the dialog is closed. */
  readonly device: DeviceFieldsFragment | null;
  readonly onClose: () => void;
  /** It is off the account; not called for this very device, which is signed out by that. */
  readonly onRemoved: (device: DeviceFieldsFragment) => void;
}

/** Takes a device off the account, once it was said what that means. */
export function RemoveDialog({ device, onClose, onRemoved }: RemoveDialogProps) {
  const { t } = useTranslation('account');
  return (
    <Dialog
      title={t('remove.title', { device: device?.name })}
      role="alertdialog"
      isOpen={device !== null}
      onClose={onClose}
    >
      {device && <Remove device={device} onClose={onClose} onRemoved={onRemoved} />}
    </Dialog>
  );
}

function Remove({ device, onClose, onRemoved }: RemoveDialogProps & { readonly device: DeviceFieldsFragment }) {
  const { t } = useTranslation(['account', 'common']);
  const { leave } = useSession();
  const [, navigate] = useLocation();
  const faultText = useFaultText();
  const [, remove] = useMutation(RemoveDeviceDocument);
  const [fault, setFault] = useState<string | null>(null);

  /** @returns whether the device is off the account */
  const takeOff = async (): Promise<boolean> => {
    setFault(null);
    const { data, error } = await remove({ id: device.id });
    if (error) setFault(faultText(error));
    if (!data) return false;
    if (!device.isCurrent) onRemoved(device);
    onClose();
    return true;
  };
  const leaveByIt = async () => {
    if (await leave(takeOff)) navigate('/');
  };
  const { isPending, submit } = useSubmission(() => (device.isCurrent ? leaveByIt() : takeOff()));

  return (
    <>
      <p>{t(device.isCurrent ? 'remove.meansHere' : 'remove.means')}</p>
      <p>{t('remove.meansWaiting')}</p>
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <DialogActions>
        <Button onPress={onClose} autoFocus>
          {t('cancel', { ns: 'common' })}
        </Button>
        <Button look="danger" isPending={isPending} onPress={() => submit()}>
          {t('remove.submit')}
        </Button>
      </DialogActions>
    </>
  );
}
