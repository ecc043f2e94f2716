import { useTranslation } from 'react-i18next';
import type { ConfirmationFieldsFragment } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';
import { useSecondsLeft, useTimeTexts } from '../ui/time.ts';
import { AskedAction } from './asked-action.tsx';
import styles from './prompts.module.css';
import { ShownCode } from './shown-code.tsx';
import { useIsNoticed } from './use-is-noticed.ts';
import { type RefusalOptions, useRefusal } from './use-refusal.ts';

export interface ConfirmationProps extends RefusalOptions {
  readonly confirmation: ConfirmationFieldsFragment;
  /** How many more wait behind it. */
  readonly waiting: number;
  readonly onPutAside: () => void;
}

/** Something that another device asks for: what it is, who asks, and the code that stands for it. */
export function Confirmation({ confirmation, waiting, onPutAside, ...options }: ConfirmationProps) {
  const { t } = useTranslation('prompts');
  const { fault, isPending, refuse } = useRefusal(confirmation, options);
  const secondsLeft = useSecondsLeft(confirmation, confirmation.expiresInSeconds);
  const { ago } = useTimeTexts();
  const isNoticed = useIsNoticed();
  const putAside = () => isNoticed && onPutAside();
  const { code, productName, deviceName, location, ipAddress } = confirmation;
  return (
    <Dialog role="alertdialog" title={t('confirmation.title', { client: productName })} isOpen onClose={putAside}>
      <AskedAction action={confirmation.action} />
      <ShownCode label={t('confirmation.code')} code={code} secondsLeft={secondsLeft} isLonger />
      <p>{t('confirmation.onlyThis')}</p>
      <dl className={styles.facts}>
        <dt>{t('confirmation.device')}</dt>
        <dd>
          <span className="clamped">{deviceName}</span>
        </dd>
        <dt>{t('place')}</dt>
        <dd>
          <span>{location.label}</span>{' '}
          <span className={styles.quiet}>
            <bdi>{`(${ipAddress})`}</bdi>
          </span>
        </dd>
        <dt>{t('time')}</dt>
        <dd>{ago(confirmation, confirmation.requestedSecondsAgo)}</dd>
      </dl>
      {waiting > 0 && <p className={styles.quiet}>{t('confirmation.more', { count: waiting })}</p>}
      {fault && <p role="alert">{fault}</p>}
      <DialogActions>
        {/* No button has the focus: an Enter that comes out of typing would hide the prompt unseen. */}
        <Button
          look="dangerQuiet"
          isDisabled={isPending}
          aria-disabled={!isNoticed}
          onPress={() => isNoticed && refuse()}
        >
          {t('confirmation.notMine')}
        </Button>
        <Button aria-disabled={!isNoticed} onPress={putAside}>
          {t('later')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
