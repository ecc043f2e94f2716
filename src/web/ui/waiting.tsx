import { useTranslation } from 'react-i18next';
import styles from './waiting.module.css';

/** Something is on its way. It shows itself only after a moment: what comes at once does not flicker. */
export function Waiting() {
  const { t } = useTranslation();
  return (
    <p className={styles.waiting} role="status">
      <span className="visually-hidden">{t('loading')}</span>
    </p>
  );
}
