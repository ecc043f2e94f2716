import { bareMeasurement } from './bare.js';
import { feedMeasurement } from './feed.js';
import { latencyMeasurement } from './latency.js';
import type { Measurement } from './measurement.js';
import { operationMeasurements } from './operation.js';
import { pushMeasurement } from './push.js';
import { socketsMeasurement } from './sockets.js';
import { startMeasurement } from './start.js';

/** Everything that is measured, in this order. */
export const measurements: readonly Measurement[] = [
  bareMeasurement,
  startMeasurement,
  ...operationMeasurements,
  socketsMeasurement,
  latencyMeasurement,
  feedMeasurement,
  pushMeasurement,
];
