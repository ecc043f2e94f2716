import type { CombinedError } from '@urql/core';
import type { TFunction } from 'i18next';

/** What went wrong, as a sentence for the person in front of the page. */
export function faultText(error: CombinedError, t: TFunction, language: string): string {
  if (error.networkError) return t(navigator.onLine ? 'fault.network' : 'fault.offline');
  const { code, retryInSeconds } = error.graphQLErrors[0]?.extensions ?? {};
  switch (code) {
    case 'RATE_LIMITED':
      return typeof retryInSeconds === 'number'
        ? t('fault.rateLimitedUntil', { time: timeText(retryInSeconds, language) })
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
      return t('fault.input');
    default:
      return t('fault.unknown');
  }
}

/** The last part of the value's path that the server did not take: `email`, for example; null where it is no value. */
export function faultyField(error: CombinedError): string | null {
  const { code, field } = error.graphQLErrors[0]?.extensions ?? {};
  if (code !== 'BAD_USER_INPUT' || typeof field !== 'string') return null;
  return field.split('.').at(-1) ?? null;
}

/**
 * The time of day so many seconds from now, by the clock that the person sees, right or wrong. With seconds, since some
 * waits are shorter than a minute, and with the day where it is not today's.
 */
function timeText(seconds: number, language: string): string {
  const at = new Date(Date.now() + seconds * 1000);
  const isToday = at.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, {
    timeStyle: 'medium',
    ...(isToday ? {} : { dateStyle: 'medium' }),
  }).format(at);
}
