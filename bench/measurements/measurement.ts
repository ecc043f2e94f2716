import type { Measured } from '../report/result.js';
import type { Cluster } from '../site/cluster.js';
import type { StoreName } from '../site/site.js';

/** How much is measured. */
export interface Effort {
  /** The folder whose `dist/` is measured. */
  readonly project: string;
  /** Those to measure on, at least one; what needs but one takes the first. */
  readonly stores: readonly [StoreName, ...StoreName[]];
  readonly rounds: number;
  /** Of a round. */
  readonly seconds: number;
  /** Operations under way at the same time. */
  readonly atOnce: number;
  /** Accounts that take part; a multiple of `atOnce`. */
  readonly people: number;
  /** Subscriptions that are held. */
  readonly sockets: number;
  /** For how long nothing happens. */
  readonly idleSeconds: number;
}

/** Something that is measured, on whatever it starts for that. */
export interface Measurement {
  /** For `--only`. */
  readonly name: string;
  /** @param say tells people how far it is */
  run(cluster: Cluster, effort: Effort, say: (text: string) => void): Promise<Measured[]>;
}
