import { useTranslation } from 'react-i18next';
import type { ActivityFieldsFragment } from '../../api/operations.ts';

/** What happened, as a sentence. */
export function useActivitySentence(): (entry: ActivityFieldsFragment) => string {
  const { t } = useTranslation('account');
  return ({ type, deviceName }) => t(`activity.type.${type}`, { device: deviceName || t('activity.unknownDevice') });
}
