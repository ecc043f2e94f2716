import { useTranslation } from 'react-i18next';
import type { ActivityFieldsFragment } from '../../api/operations.ts';
import styles from './activity-sentence.module.css';

/** Stands for the name while the sentence is made; no name holds it. */
const NAME = '\n';

/** What happened, as a sentence. A stranger chose the name in it: it has a line at most, so the rest is always in sight. */
export function ActivitySentence({ entry: { type, deviceName } }: { readonly entry: ActivityFieldsFragment }) {
  const { t } = useTranslation('account');
  const [before, after] = t(`activity.type.${type}`, { device: NAME }).split(NAME);
  return (
    <span>
      <span>{before}</span>
      <bdi className={styles.name}>{deviceName || t('activity.unknownDevice')}</bdi>
      <span>{after}</span>
    </span>
  );
}
