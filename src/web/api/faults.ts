import type { CombinedError } from '@urql/core';
import type { TFunction } from 'i18next';

/** What went wrong, as a sentence for the person in front of the page. */
export function faultText(error: CombinedError, t: TFunction, language: string): string {
  if (error.networkError) return t('fault.network');
  const [first] = error.graphQLErrors;
  const { code, retryAt } = first?.extensions ?? {};
  switch (code) {
    case 'RATE_LIMITED':
      return typeof retryAt === 'string'
        ? t('fault.rateLimitedUntil', { time: timeText(retryAt, language) })
        : t('fault.rateLimited');
    case 'OVERLOADED':
      return t('fault.overloaded');
    case 'UNAUTHENTICATED':
      return t('fault.signedOut');
    case 'FORBIDDEN':
      return t('fault.forbidden');
    case 'NOT_FOUND':
      return t('fault.notFound');
    case 'BAD_USER_INPUT':
      return first?.message ?? t('fault.unknown');
    default:
      return t('fault.unknown');
  }
}

function timeText(instant: string, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(new Date(instant));
}
