import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { conditionsOf } from './conditions.js';
import { growthSettings, measureGrowth } from './fill/fill.js';
import { runKnownUnknown } from './known-unknown/run.js';
import { measurements } from './measurements/all.js';
import type { Effort } from './measurements/measurement.js';
import { type Order, readOptions, usage } from './options.js';
import { growthTable, growthVerdict } from './report/growth.js';
import type { Measured } from './report/result.js';
import { table } from './report/table.js';
import { report, unquiet } from './report/terminal.js';
import { Cluster } from './site/cluster.js';
import { writeDocs } from './write-docs.js';

// What things cost on this machine: nothing is asserted. Every part runs in a process of its own, as it does for an
// operator; on a machine of few cores they share them with the load, so rates move from run to run, and processor time and
// counts are what to steer by.

const print = (text: string) => process.stdout.write(`${text}\n`);
const say = (text: string) => process.stderr.write(`${text}\n`);

async function measure(only: readonly string[], effort: Effort, json: string | null): Promise<void> {
  await using cluster = await Cluster.start();
  const conditions = await conditionsOf(cluster, effort);
  const measured: Measured[] = [];
  for (const measurement of measurements.filter(({ name }) => only.includes(name))) {
    const figures = await measurement.run(cluster, effort, say);
    measured.push(...figures);
    // At once: nobody has to wait for the end to begin anew.
    const loud = unquiet(figures);
    if (loud) say(loud);
  }
  const run = { conditions, measured };
  print(report(run));
  if (json) keep(json, run);
}

async function grow(share: number, effort: Effort, json: string | null): Promise<void> {
  await using cluster = await Cluster.start(growthSettings);
  const conditions = await conditionsOf(cluster, effort);
  const growth = await measureGrowth(cluster, effort, share, say);
  const { accounts, devices, activities, gibibytes, filledInSeconds } = growth;
  print(
    `${accounts} accounts, ${accounts * devices} devices, ${accounts * activities} activity entries: ` +
      `${gibibytes.toFixed(1)} GiB, filled in ${filledInSeconds.toFixed(0)} s\n`,
  );
  print([growthTable(growth), '', ...growthVerdict(growth)].join('\n'));
  if (json) keep(json, { conditions, growth });
}

function keep(file: string, value: unknown): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  // No digits that nobody measured.
  const rounded = (_key: string, part: unknown) => (typeof part === 'number' ? Number(part.toFixed(4)) : part);
  writeFileSync(file, `${JSON.stringify(value, rounded, 2)}\n`);
}

async function run(order: Order): Promise<void> {
  const needsProc = order.do === 'measure' || order.do === 'fill';
  if (needsProc && process.platform !== 'linux') throw new Error('processor time is read from /proc, which Linux has');
  switch (order.do) {
    case 'measure':
      return measure(order.only, order.effort, order.json);
    case 'fill':
      return grow(order.share, order.effort, order.json);
    case 'docs':
      for (const file of writeDocs()) print(file);
      return;
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
