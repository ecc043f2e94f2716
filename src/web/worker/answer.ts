/** What a notification was answered with, as the service worker tells it to the page that it brings before the person. */
export interface Answer {
  /** The request that the person did not make; null: the notification was only opened. */
  readonly notMe: string | null;
}
