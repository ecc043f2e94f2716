/**
 * A moment by both clocks that a process has. The monotonic one may stand still while the machine sleeps, the wall clock
 * may be set; what is kept for a time is kept no longer than either says.
 */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export type Clock = () => Moment;

export const systemClock: Clock = () => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/** How long ago that was, by whichever clock says longer. */
export function msBetween(earlier: Moment, later: Moment): number {
  return Math.max(later.monotonicMs - earlier.monotonicMs, later.wallMs - earlier.wallMs);
}
