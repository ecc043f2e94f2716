import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { conditionsOf } from './conditions.js';
import { runKnownUnknown } from './known-unknown/run.js';
import { measurements } from './measurements/all.js';
import type { Effort } from './measurements/measurement.js';
import { type Order, readOptions, usage } from './options.js';
import type { Measured } from './report/result.js';
import { table } from './report/table.js';
import { report } from './report/terminal.js';
import { Cluster } from './site/cluster.js';

// What things cost on this machine: nothing is asserted. Every part runs in a process of its own, as it does for an
// operator; on a machine of few cores they share them with the load, so rates move from run to run, and processor time and
// counts are what to steer by.

const print = (text: string) => process.stdout.write(`${text}\n`);
const say = (text: string) => process.stderr.write(`${text} ...\n`);

async function measure(only: readonly string[], effort: Effort, json: string | null): Promise<void> {
  await using cluster = await Cluster.start();
  const conditions = await conditionsOf(cluster, effort);
  const measured: Measured[] = [];
  for (const measurement of measurements.filter(({ name }) => only.includes(name))) {
    measured.push(...(await measurement.run(cluster, effort, say)));
  }
  const run = { conditions, measured };
  print(report(run));
  if (json) keep(json, run);
}

function keep(file: string, value: unknown): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

async function run(order: Order): Promise<void> {
  switch (order.do) {
    case 'measure':
      return measure(order.only, order.effort, order.json);
    case 'known-unknown':
      print(table(await runKnownUnknown(order.samples)));
      return;
  }
}

let order: Order;
try {
  order = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`);
  process.exit(2);
}
await run(order);
