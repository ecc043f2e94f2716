import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Whole seconds until an instant, counting down; 0 once it has come, null without one. */
export function useSecondsUntil(instant: string | null): number | null {
  const left = () => (instant === null ? null : Math.max(0, Math.ceil((Date.parse(instant) - Date.now()) / 1000)));
  const [seconds, setSeconds] = useState(left);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `left` is made of `instant` alone
  useEffect(() => {
    setSeconds(left());
    if (instant === null) return;
    const timer = setInterval(() => setSeconds(left()), 500);
    return () => clearInterval(timer);
  }, [instant]);
  return seconds;
}

/** Seconds as a clock shows them: 0:09, 9:41. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Instants in the language of the page. */
export function useTimeTexts() {
  const { i18n } = useTranslation();
  const { language } = i18n;
  return {
    /** The time of day, with the day where it is not today. */
    moment: (instant: string): string => {
      const at = new Date(instant);
      const isToday = at.toDateString() === new Date().toDateString();
      return new Intl.DateTimeFormat(language, {
        timeStyle: 'short',
        ...(isToday ? {} : { dateStyle: 'medium' }),
      }).format(at);
    },
    /** The time of day to the second, of something that happened just now. */
    second: (instant: string): string =>
      new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(new Date(instant)),
    day: (instant: string): string =>
      new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(instant)),
  };
}
