import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { RequestFieldsFragment } from '../api/operations.ts';
import { useIsHeld } from '../session/use-is-held.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';
import { useIsNoticed } from './use-is-noticed.ts';

/** After 'this was not me': what has happened, and what to do now. */
export function Denied({
  request,
  onClose,
}: {
  readonly request: RequestFieldsFragment;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('prompts');
  const [, navigate] = useLocation();
  // The second half of a double click on the prompt before it answers nothing here.
  const isNoticed = useIsNoticed();
  const isHeld = useIsHeld();
  const close = () => isNoticed && onClose();
  return (
    <Dialog role="alertdialog" title={t('denied.title')} isOpen onClose={close}>
      <p>{t('denied.text', { device: request.deviceName })}</p>
      <p>{t(isHeld ? 'denied.heldAdvice' : 'denied.advice')}</p>
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
            navigate(isHeld ? '/account/devices' : '/account/password');
          }}
        >
          {t(isHeld ? 'denied.devices' : 'denied.changePassword')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
