import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { RequestFieldsFragment } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';

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
  return (
    <Dialog role="alertdialog" title={t('denied.title')} isOpen onClose={onClose}>
      <p>{t('denied.text', { device: request.deviceName })}</p>
      <p>{t('denied.advice')}</p>
      <DialogActions>
        <Button onPress={onClose}>{t('denied.later')}</Button>
        <Button
          look="primary"
          autoFocus
          onPress={() => {
            onClose();
            navigate('/account/password');
          }}
        >
          {t('denied.changePassword')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
