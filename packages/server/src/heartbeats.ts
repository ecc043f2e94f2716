import { type Clock, type Moment, msBetween } from './clock.js';

/** By how much two clocks may drift apart from one beat to the next, which is a second: more than any does. */
const DRIFT_MS = 0.2;

/**
 * When a feed was heard last. What counts is when a heartbeat was sent: one that lay in a buffer while this process, the
 * network or the machine stood still tells of the past. Clocks of two machines cannot be compared, but how long a beat was
 * under way can: by how much longer than the quickest of its connection.
 */
export class Heartbeats {
  private quickest: Moment | null = null;
  private heardAt: Moment | null = null;

  constructor(private readonly clock: Clock) {}

  /** @param sentAt by the server's clock, in ms */
  heard(sentAt: number): void {
    const now = this.clock();
    const underWay = { monotonicMs: now.monotonicMs - sentAt, wallMs: now.wallMs - sentAt };
    const quickest = {
      monotonicMs: Math.min(underWay.monotonicMs, (this.quickest?.monotonicMs ?? Infinity) + DRIFT_MS),
      wallMs: Math.min(underWay.wallMs, (this.quickest?.wallMs ?? Infinity) + DRIFT_MS),
    };
    this.quickest = quickest;
    this.heardAt = { monotonicMs: sentAt + quickest.monotonicMs, wallMs: sentAt + quickest.wallMs };
  }

  /** How long nothing was heard; infinite where nothing ever was. */
  silentMs(): number {
    return this.heardAt ? msBetween(this.heardAt, this.clock()) : Infinity;
  }
}
