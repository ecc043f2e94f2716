import { useTranslation } from 'react-i18next';
import type { RequestFieldsFragment } from '../api/operations.ts';
import { useProductName } from '../session/use-product-name.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';
import { useSecondsLeft, useTimeTexts } from '../ui/time.ts';
import styles from './prompts.module.css';
import { ShownCode } from './shown-code.tsx';
import { type DenialOptions, useDenial } from './use-denial.ts';
import { useIsNoticed } from './use-is-noticed.ts';

export interface PromptProps extends DenialOptions {
  readonly request: RequestFieldsFragment;
  /** How many more wait behind it. */
  readonly waiting: number;
  readonly onPutAside: () => void;
}

/** A sign-in elsewhere: who asks, from where, and the code to type there. */
export function Prompt({ request, waiting, onDeny, onDenied, onPutAside }: PromptProps) {
  const { t } = useTranslation('prompts');
  const productName = useProductName();
  const secondsLeft = useSecondsLeft(request, request.expiresInSeconds);
  const { ago } = useTimeTexts();
  const isNoticed = useIsNoticed();
  const putAside = () => isNoticed && onPutAside();
  const { fault, isPending, refuse } = useDenial(request, { onDeny, onDenied });

  return (
    <Dialog role="alertdialog" title={t('title')} isOpen onClose={putAside}>
      <dl className={styles.facts}>
        <dt>{t('device')}</dt>
        <dd>
          <span className="clamped">{[request.deviceName, request.deviceModel].filter(Boolean).join(', ')}</span>
        </dd>
        <dt>{t('place')}</dt>
        <dd>
          <span>{request.location.label}</span>{' '}
          <span className={styles.quiet}>
            <bdi>{`(${request.ipAddress})`}</bdi>
          </span>
        </dd>
        <dt>{t('time')}</dt>
        <dd>{ago(request, request.requestedSecondsAgo)}</dd>
      </dl>
      <ShownCode label={t('code')} code={request.code} secondsLeft={secondsLeft} />
      <p>{t('onlyThere', { productName })}</p>
      {waiting > 0 && <p className={styles.quiet}>{t('more', { count: waiting })}</p>}
      {fault && <p role="alert">{fault}</p>}
      <DialogActions>
        {/* No button has the focus: an Enter that comes out of typing would hide the prompt unseen. */}
        <Button
          look="dangerQuiet"
          isDisabled={isPending}
          aria-disabled={!isNoticed}
          onPress={() => isNoticed && refuse()}
        >
          {t('notMe')}
        </Button>
        <Button aria-disabled={!isNoticed} onPress={putAside}>
          {t('later')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
