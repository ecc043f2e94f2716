import { useTranslation } from 'react-i18next';
import { grouped } from '../codes/grouped.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { clock } from '../ui/time.ts';
import longer from './confirmations.module.css';
import styles from './prompts.module.css';

export interface ShownCodeProps {
  readonly label: string;
  readonly code: string | null | undefined;
  readonly secondsLeft: number;
  /** Eight digits instead of six. */
  readonly isLonger?: boolean;
}

/** The code to type elsewhere, and for how long it is good. */
export function ShownCode({ label, code, secondsLeft, isLonger = false }: ShownCodeProps) {
  const { t } = useTranslation('prompts');
  return (
    <div className={styles.code}>
      <p className={styles.label}>{label}</p>
      <output
        className={isLonger ? `${styles.digits} ${longer.digits}` : styles.digits}
        translate="no"
        aria-label={code ? [...code].join(' ') : ''}
      >
        {/* Digits run from left to right in every language; the halves of a code do not, unless they are told to. */}
        <span dir="ltr">{grouped(code ?? '')}</span>
      </output>
      <div className={styles.row}>
        <p className={styles.quiet}>
          <span>{t('timeLeft')}</span> <span className={styles.clock}>{clock(secondsLeft)}</span>
        </p>
        <CopyButton isSmall text={code ?? ''} label={t('copy')} />
      </div>
    </div>
  );
}
