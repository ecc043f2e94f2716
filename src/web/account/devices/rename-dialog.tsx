import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type DeviceFieldsFragment, RenameDeviceDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { DoorForm } from '../../sign-in/door.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { useSay } from '../said.tsx';

const LONGEST_NAME = 64;

export interface RenameDialogProps {
  /** Null: the dialog is closed. */
  readonly device: DeviceFieldsFragment | null;
  readonly onClose: () => void;
}

/** The owner's own name for a device. */
export function RenameDialog({ device, onClose }: RenameDialogProps) {
  const { t } = useTranslation('account');
  return (
    <Dialog title={t('rename.title')} isOpen={device !== null} onClose={onClose}>
      {device && <Rename device={device} onClose={onClose} />}
    </Dialog>
  );
}

function Rename({ device, onClose }: { readonly device: DeviceFieldsFragment; readonly onClose: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const say = useSay();
  const faultText = useFaultText();
  const [, rename] = useMutation(RenameDeviceDocument);
  const [name, setName] = useState(device.name);
  const [fault, setFault] = useState<string | null>(null);

  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    const { error } = await rename({ id: device.id, name: name.trim() });
    if (error) return setFault(faultText(error));
    say(t('rename.done', { device: name.trim() }));
    onClose();
  });

  return (
    <DoorForm onSubmit={() => submit()}>
      <TextField
        label={t('rename.name')}
        description={t('rename.means')}
        value={name}
        onChange={setName}
        maxLength={LONGEST_NAME}
        error={fault}
        autoComplete="off"
        isRequired
        autoFocus
      />
      <DialogActions>
        <Button onPress={onClose}>{t('cancel', { ns: 'common' })}</Button>
        <Button type="submit" look="primary" isPending={isPending} isDisabled={name.trim() === ''}>
          {t('rename.submit')}
        </Button>
      </DialogActions>
    </DoorForm>
  );
}
