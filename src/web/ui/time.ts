import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

const arrivals = new WeakMap<object, number>();

/**
 * When an answer of the server arrived, on a clock that nobody sets: whatever the device says of the date, what is left
 * is what the server said, less what has passed since.
 */
function arrivalOf(answer: object): number {
  const known = arrivals.get(answer);
  if (known !== undefined) return known;
  const now = performance.now();
  arrivals.set(answer, now);
  return now;
}

/** Seconds since an answer arrived: since it was first asked how old it is. */
function ageOf(answer: object): number {
  return (performance.now() - arrivalOf(answer)) / 1000;
}

/** Whole seconds that are left now of those that an answer tells of; 0 once they are over. */
export function secondsLeft(answer: object, seconds: number): number {
  return Math.max(0, Math.ceil(seconds - ageOf(answer)));
}

/**
 * The same, counting down.
 * @param answer the object that says so, as it came from the server
 */
export function useSecondsLeft(answer: object, seconds: number): number {
  useTicks(secondsLeft(answer, seconds) > 0);
  return secondsLeft(answer, seconds);
}

/** Renders again from now on about twice a second, while what is shown changes with the time. */
export function useTicks(isRunning: boolean): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => tick((times) => times + 1), 500);
    return () => clearInterval(timer);
  }, [isRunning]);
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
    /** How long ago something was that was so many seconds ago when an answer told of it. */
    ago: (answer: object, seconds: number): string => {
      const passed = Math.floor(seconds + ageOf(answer));
      const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
      return passed < 60 ? format.format(-passed, 'second') : format.format(-Math.floor(passed / 60), 'minute');
    },
    /** How long until then of what an answer tells is so many seconds away: in 23 hours. */
    ahead: (answer: object, seconds: number): string => {
      const left = secondsLeft(answer, seconds);
      const format = new Intl.RelativeTimeFormat(language);
      if (left >= 5_400) return format.format(Math.ceil(left / 3_600), 'hour');
      return format.format(Math.max(1, Math.ceil(left / 60)), 'minute');
    },
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
