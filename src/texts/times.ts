// Clock times are in UTC and say so: where the reader is, nobody here knows.

const clock: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
  timeZoneName: 'short',
};

/** More than there are catalogues. */
const LANGUAGES_MOST = 50;

/** To make one takes a hundred times as long as to use it. */
const inLanguage = {
  clock: perLanguage((locale) => new Intl.DateTimeFormat(locale, clock)),
  instant: perLanguage(
    (locale) => new Intl.DateTimeFormat(locale, { ...clock, day: 'numeric', month: 'long', year: 'numeric' }),
  ),
  wait: perLanguage((locale) => new Intl.RelativeTimeFormat(locale)),
};

function perLanguage<Format>(make: (locale: string) => Format): (locale: string) => Format {
  const made = new Map<string, Format>();
  return (locale) => {
    const format = made.get(locale) ?? make(locale);
    if (made.size < LANGUAGES_MOST) made.set(locale, format);
    return format;
  };
}

/** A day and a time, as in `November 23, 2026 at 05:15 UTC`. */
export function instantText(instant: Date, locale: string): string {
  return inLanguage.instant(locale).format(instant);
}

/** A time of the day, as in `05:15 UTC`: for what lies less than a day away. */
export function clockText(instant: Date, locale: string): string {
  return inLanguage.clock(locale).format(instant);
}

/** An instant ahead, and how long it is until then by the clock that decides: nobody has to hold it against his own. */
export class Wait {
  readonly seconds: number;

  constructor(
    readonly until: Date,
    msLeft: number,
  ) {
    this.seconds = secondsLeft(msLeft);
  }

  /** A wait of so long from now on, where a duration is all that is known. */
  static of(ms: number): Wait {
    return new Wait(new Date(Date.now() + ms), ms);
  }
}

/** A wait as columns have it; null where there is none. */
export function waitOf(until: Date | null | undefined, msLeft: number | null): Wait | null {
  return until && msLeft !== null ? new Wait(until, msLeft) : null;
}

/** Whole seconds, rounded up, so that waiting so long is always enough; 0 once it is over. */
export function secondsLeft(msLeft: number): number {
  return Math.max(0, Math.ceil(msLeft / 1000));
}

/** A wait as in `in 8 seconds`, rounded up; never none. */
export function waitText(wait: Wait, locale: string): string {
  const seconds = Math.max(1, wait.seconds);
  const [unit, length] = units.find(([, unitSeconds]) => seconds >= unitSeconds) ?? secondUnit;
  return inLanguage.wait(locale).format(Math.ceil(seconds / length), unit);
}

const secondUnit = ['second', 1] as const;
const units = [['day', 86_400], ['hour', 3_600], ['minute', 60], secondUnit] as const;
