import type { CombinedError } from '@urql/core';
import { useTranslation } from 'react-i18next';
import { faultText } from './faults.ts';

/** Says what went wrong in the language of the page, whatever the namespace of the component that asks. */
export function useFaultText(): (error: CombinedError) => string {
  const { t, i18n } = useTranslation('common');
  return (error) => faultText(error, t, i18n.language);
}
