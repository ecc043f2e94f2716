import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type HeldChangeFieldsFragment, VetoChangeDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { useSay } from '../said.tsx';

export interface StopDialogProps {
  /** Null: the dialog is closed. */
  readonly change: HeldChangeFieldsFragment | null;
  readonly onClose: () => void;
  readonly onStopped: () => void;
}

/** Stops a change that waits, after it was asked once more. */
export function StopDialog({ change, onClose, onStopped }: StopDialogProps) {
  const { t } = useTranslation('account');
  return (
    <Dialog title={t('held.stop.title')} role="alertdialog" isOpen={change !== null} onClose={onClose}>
      {change && <Stop change={change} onClose={onClose} onStopped={onStopped} />}
    </Dialog>
  );
}

function Stop({ change, onClose, onStopped }: StopDialogProps & { readonly change: HeldChangeFieldsFragment }) {
  const { t } = useTranslation(['account', 'common']);
  const say = useSay();
  const faultText = useFaultText();
  const [, veto] = useMutation(VetoChangeDocument);
  const [fault, setFault] = useState<string | null>(null);
  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    const { error } = await veto({ id: change.id });
    if (error) return setFault(faultText(error));
    say(t('held.stop.done'));
    onStopped();
    onClose();
  });
  return (
    <>
      <p>{t(`held.stop.means.${change.kind}`)}</p>
      <p>{t('held.stop.advice')}</p>
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
          {t(`held.${change.kind}.stop`)}
        </Button>
      </DialogActions>
    </>
  );
}
