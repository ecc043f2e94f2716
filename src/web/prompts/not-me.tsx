import { useTranslation } from 'react-i18next';
import type { RequestFieldsFragment } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';
import { type DenialOptions, useDenial } from './use-denial.ts';
import { useIsNoticed } from './use-is-noticed.ts';

export interface NotMeProps extends DenialOptions {
  readonly request: RequestFieldsFragment;
  /** It was the person after all, or the button of the notification was hit by mistake. */
  readonly onKeep: () => void;
}

/** Asks once more before it ends a sign-in: a button of a notification is hit in a pocket, and by who takes up the phone. */
export function NotMe({ request, onKeep, ...options }: NotMeProps) {
  const { t } = useTranslation('prompts');
  const isNoticed = useIsNoticed();
  const { fault, isPending, refuse } = useDenial(request, options);
  const keep = () => isNoticed && onKeep();
  return (
    <Dialog role="alertdialog" title={t('sure.title')} isOpen onClose={keep}>
      <p>{t('sure.text', { device: request.deviceName, place: request.location.label })}</p>
      {fault && <p role="alert">{fault}</p>}
      <DialogActions>
        <Button aria-disabled={!isNoticed} onPress={keep}>
          {t('sure.keep')}
        </Button>
        <Button look="danger" isPending={isPending} aria-disabled={!isNoticed} onPress={() => isNoticed && refuse()}>
          {t('sure.submit')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
