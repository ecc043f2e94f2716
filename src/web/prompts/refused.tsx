import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { ConfirmationFieldsFragment } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';
import { useIsNoticed } from './use-is-noticed.ts';

export interface RefusedProps {
  readonly confirmation: ConfirmationFieldsFragment;
  readonly onClose: () => void;
}

/** After 'I did not ask for this': what has happened, and what to do now. */
export function Refused({ confirmation: { productName, deviceName }, onClose }: RefusedProps) {
  const { t } = useTranslation('prompts');
  const [, navigate] = useLocation();
  // The second half of a double click on the prompt before it answers nothing here.
  const isNoticed = useIsNoticed();
  const close = () => isNoticed && onClose();
  return (
    <Dialog role="alertdialog" title={t('confirmation.refused.title')} isOpen onClose={close}>
      <p>{t('confirmation.refused.text', { client: productName })}</p>
      <p>{t('confirmation.refused.advice', { device: deviceName })}</p>
      <DialogActions>
        <Button aria-disabled={!isNoticed} onPress={close}>
          {t('denied.later')}
        </Button>
        <Button
          look="primary"
          autoFocus
          aria-disabled={!isNoticed}
          onPress={() => {
            if (!isNoticed) return;
            onClose();
            navigate('/account/devices');
          }}
        >
          {t('confirmation.refused.devices')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
