import { useTranslation } from 'react-i18next';
import styles from './scene.module.css';

const digits = ['4', '8', '2', '9', '1', '3'];
/** Where the first box of the laptop's code begins, and how far it is to the next. */
const FIRST_BOX = 78;
const BOX_STEP = 34;

/** A laptop asks for a code, a phone shows it, the laptop lets its owner in: played once, then at rest. */
export function Scene() {
  const { t } = useTranslation('signIn');
  return (
    <svg viewBox="0 0 480 268" role="img" aria-label={t('story.scene')} className={styles.scene}>
      <ellipse className={styles.ground} cx="240" cy="246" rx="232" ry="20" />
      <g className={styles.laptop}>
        <rect x="44" y="30" width="272" height="186" rx="14" />
        <path d="M14 216h332l-12 18a10 10 0 0 1-8 4H34a10 10 0 0 1-8-4z" />
      </g>
      <g className={styles.words}>
        <rect x="78" y="62" width="112" height="11" rx="5.5" />
        <rect className={styles.faint} x="78" y="83" width="168" height="7" rx="3.5" />
      </g>
      {digits.map((digit, nth) => (
        <g key={digit} className={styles.box}>
          <rect x={FIRST_BOX + nth * BOX_STEP} y="106" width="28" height="38" rx="6" />
          <text x={FIRST_BOX + nth * BOX_STEP + 14} y="132" className={styles.typed}>
            {digit}
          </text>
        </g>
      ))}
      <rect className={styles.button} x="78" y="160" width="198" height="30" rx="7" />
      <path className={styles.done} d="m168 175 6.5 6.5 12.5-13" />
      <g className={styles.phone}>
        <rect x="328" y="62" width="112" height="190" rx="20" />
        <path d="M370 240h28" />
      </g>
      <g className={styles.prompt}>
        <rect x="337" y="88" width="94" height="98" rx="11" />
        <rect className={styles.faint} x="349" y="102" width="52" height="6" rx="3" />
        <rect className={styles.faint} x="349" y="114" width="36" height="6" rx="3" />
        <text x="384" y="150">
          482 913
        </text>
        <rect className={styles.refuse} x="349" y="165" width="70" height="9" rx="4.5" />
      </g>
    </svg>
  );
}
