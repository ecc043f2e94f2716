// Clock times are in UTC and say so: where the reader is, nobody here knows.

/** A day and a time, as in `November 23, 2026 at 05:15 UTC`. */
export function instantText(instant: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { ...clock, day: 'numeric', month: 'long', year: 'numeric' }).format(instant);
}

/** A time of the day, as in `05:15 UTC`: for what lies less than a day away. */
export function clockText(instant: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, clock).format(instant);
}

/**
 * How long it is until `instant`, as in `in 8 seconds`, rounded up, so that waiting so long is always enough.
 * @param now for display alone; whether the wait is over is decided in the database
 */
export function waitText(instant: Date, locale: string, now = Date.now()): string {
  const seconds = Math.max(1, Math.ceil((instant.getTime() - now) / 1000));
  const [unit, length] = units.find(([, unitSeconds]) => seconds >= unitSeconds) ?? secondUnit;
  return new Intl.RelativeTimeFormat(locale).format(Math.ceil(seconds / length), unit);
}

const clock: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
  timeZoneName: 'short',
};

const secondUnit = ['second', 1] as const;
const units = [['day', 86_400], ['hour', 3_600], ['minute', 60], secondUnit] as const;
