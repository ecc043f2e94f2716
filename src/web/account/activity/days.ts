/** Entries of one day, where the page is read. */
export interface Day<T> {
  /** For people: 'Today', 'Yesterday', 'Friday, 20 November'. */
  readonly name: string;
  readonly entries: readonly T[];
}

/** Puts what happened under its days; the order stays. */
export function byDay<T extends { readonly occurredAt: string }>(entries: readonly T[], language: string): Day<T>[] {
  const days = new Map<string, T[]>();
  for (const entry of entries) {
    const day = new Date(entry.occurredAt).toDateString();
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days].map(([day, ofDay]) => ({ name: nameOf(new Date(day), language), entries: ofDay }));
}

function nameOf(day: Date, language: string): string {
  const today = new Date();
  const daysAgo = Math.round((Date.parse(today.toDateString()) - day.getTime()) / 86_400_000);
  if (daysAgo < 2) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-daysAgo, 'day');
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  return new Intl.DateTimeFormat(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(day.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' }),
  }).format(day);
}
