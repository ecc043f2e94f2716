import { expect, test } from '@jest/globals';
import { judge, parsePlans, withoutValues } from '../../bench/fill/plans.js';
import { during, once } from '../../bench/load/pace.js';
import { ofTree, parseMachine, parseProcess } from '../../bench/meter/cpu.js';
import { readOptions } from '../../bench/options.js';
import { speedDocument } from '../../bench/report/docs.js';
import { type Growth, growthVerdict } from '../../bench/report/growth.js';
import { svg } from '../../bench/report/picture.js';
import { pictures } from '../../bench/report/pictures.js';
import { mediansOf, type Run, shown } from '../../bench/report/result.js';
import { median, percentile } from '../../bench/report/statistics.js';
import { table } from '../../bench/report/table.js';
import { report, unquiet } from '../../bench/report/terminal.js';

// What the benchmark computes and writes; what it measures is for people to look at.

function runOf(serverMs: number, othersPercent = 0): Run {
  const figures = { perSecond: 1234.5, p50Ms: 1, p99Ms: 2, serverMs, postgresMs: 0.5, serverStatements: 2 };
  return {
    conditions: {
      measuredAt: '2026-11-30T05:29:27.537Z',
      commit: 'abc1234',
      cores: 2,
      processor: 'A processor',
      memoryGiB: 24,
      node: 'v24.21.0',
      postgres: '18.4',
      redis: null,
      options: { atOnce: 8 },
      settings: { 'a load': { RESEND_SECONDS: '1' } },
    },
    measured: [
      { name: 'viewer Redis', title: 'viewer { id } <Redis>', figures, rounds: [{ ...figures, othersPercent }] },
      { name: 'start', title: 'start', figures: { startMs: 750 }, rounds: [{ startMs: 750 }] },
      { name: 'bare http', title: 'bare: http', figures: { perSecond: 9 }, rounds: [{ perSecond: 9 }] },
    ],
  };
}

test('a percentile is one of the values, the median may be between two', () => {
  const values = [5, 1, 4, 2, 3, 10, 9, 8, 7, 6];
  expect([percentile(values, 50), percentile(values, 99), percentile([], 50)]).toEqual([6, 10, 0]);
  expect([median(values), median([3, 1, 2]), median([])]).toEqual([5.5, 2, 0]);
  expect(
    mediansOf([
      { p50Ms: 1, p99Ms: 9 },
      { p50Ms: 3, p99Ms: 7 },
      { p50Ms: 2, p99Ms: 8 },
    ]),
  ).toEqual({
    p50Ms: 2,
    p99Ms: 8,
  });
});

test('a table is as wide as what is in it', () => {
  expect(
    table([
      ['a', 'bcd'],
      ['long', ''],
    ]),
  ).toBe('| a    | bcd |\n| ---- | --- |\n| long |     |');
});

test('a figure is shown in its unit, a missing one as a dash', () => {
  expect([shown({ perSecond: 1234.5 }, 'perSecond'), shown({ serverMs: 0.4 }, 'serverMs'), shown({}, 'p50Ms')]).toEqual(
    ['1,235', '0.40', '–'],
  );
});

test('processor time is read of a process whose name looks like fields, and of all below it', () => {
  const line = (pid: number, parent: number, ticks: string) =>
    `${pid} (a ) b (c) S ${parent} 1 1 0 -1 0 1 2 3 4 ${ticks} 20 0 1 0 5 6 7`;
  const processes = [line(10, 1, '3 4 5 6'), line(11, 10, '1 0 0 0'), line(12, 11, '0 2 0 1'), line(13, 1, '9 9 9 9')];
  expect(parseProcess(processes[0] ?? '')).toEqual({ pid: 10, parent: 1, ms: 70, endedMs: 110 });
  expect(ofTree(processes.map(parseProcess), 10)).toBe(70 + 110 + 10 + 30);
  expect(ofTree(processes.map(parseProcess), 99)).toBe(0);
  expect(parseMachine('cpu  1 2 3 100 10 4 5 6 0 0\ncpu0 1')).toEqual({ busyMs: 210, totalMs: 1310 });
});

test('lanes take what is theirs, each thing once', async () => {
  const taken: number[] = [];
  const { times } = await once(10, 4, async (nth) => taken.push(nth));
  expect(taken.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(times).toHaveLength(10);
  const lanes = new Set<number>();
  await during(0.01, 3, async (lane) => lanes.add(lane));
  expect(lanes.size).toBe(3);
});

test('options that mean nothing are refused, and people are a whole number of lanes', () => {
  expect(readOptions(['--only', 'viewer,start', '--people', '10'])).toMatchObject({
    do: 'measure',
    only: ['viewer', 'start'],
    effort: { people: 16, atOnce: 8 },
  });
  expect(readOptions(['--fill'])).toMatchObject({ do: 'fill', share: 1 });
  expect(readOptions(['--fill=0.1'])).toMatchObject({ do: 'fill', share: 0.1 });
  expect(readOptions(['known-unknown', '50'])).toEqual({ do: 'known-unknown', samples: 50 });
  expect(readOptions(['--docs'])).toEqual({ do: 'docs' });
  for (const args of [['--only', 'all'], ['--rounds', '0'], ['--fill=2'], ['--stray'], ['word'], ['--store', 'disk']]) {
    expect(() => readOptions(args)).toThrow();
  }
});

test('a round with others at work is told of', () => {
  expect(unquiet(runOf(1).measured)).toBeNull();
  expect(unquiet(runOf(1, 30).measured)).toContain('viewer { id } <Redis>: 1 of 1 rounds, up to 30 %');
  expect(report(runOf(1, 30))).toContain('NOT QUIET');
});

test('bars are as long as what they stand for, in each panel by itself, and text cannot break the picture', () => {
  const { cost } = pictures([
    ['before', runOf(1.5)],
    ['after', runOf(0.5)],
  ]);
  if (!cost) throw new Error('there is no picture of the cost');
  const picture = svg(cost);
  const widths = [...picture.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)" height="18"/g)].map(([, width]) =>
    Number(width),
  );
  const [longest = 0, ...others] = widths;
  expect(others.map((width) => Math.round((longest / width) * 100) / 100)).toEqual([3, 3, 3]);
  expect(picture).toContain('viewer { id } &lt;Redis&gt;');
  expect(picture).toContain('1.50 + 0.50');
});

test('the document holds each figure of both runs, beside each other', () => {
  const text = speedDocument(
    {
      runs: [
        ['before', runOf(1.5)],
        ['after', runOf(0.5)],
      ],
      growth: null,
    },
    'images/speed',
  );
  expect(text).toMatch(/CPU of the server, ms +\| 1\.50 +\| 0\.50 /);
  expect(text).toMatch(/until \/readyz, ms +\| 750 +\| 750 /);
  expect(text).toContain('![Processor time of one operation, ms](images/speed/cost.svg)');
  expect(text).toContain('RESEND_SECONDS=1');
});

test('plans are read from the log, and a big table that is read from end to end is found below other nodes', () => {
  const scan = { 'Node Type': 'Seq Scan', 'Relation Name': 'delivery' };
  const log = (query: string, plan: object) => [
    '2026-11-30 LOG:  duration: 0.010 ms  plan:',
    ...JSON.stringify({ 'Query Text': query, Plan: plan }, null, 2)
      .split('\n')
      .map((line) => `\t${line}`),
  ];
  const lines = [
    ...log("select 1 from delivery where id = 'it''s' and n in ($1, $2)", { 'Node Type': 'Limit', Plans: [scan] }),
    'LOG:  checkpoint starting',
    '2026-11-30 LOG:  duration: 0.010 ms  plan:',
    '\t{ "Query Text": "garbled',
    ...log("select 1 from delivery where id = 'else' and n in ($1, $2, $3)", scan),
    ...log('select 2', { 'Node Type': 'Index Scan', 'Relation Name': 'delivery' }),
  ];
  const explained = parsePlans(lines);
  expect(explained).toHaveLength(3);
  expect(withoutValues("a = 'x'  and b = $12 and c in (1, 2)")).toBe('a = ? and b = ? and c in (?)');
  expect(judge(explained, ['delivery'])).toEqual({
    statements: 2,
    fullScans: [{ table: 'delivery', query: 'select ? from delivery where id = ? and n in (?)' }],
  });
  expect(judge(explained, ['account']).fullScans).toEqual([]);
});

test('what grows slower than it may is named', () => {
  const growth: Growth = {
    accounts: 1000,
    devices: 3,
    activities: 10,
    gibibytes: 1,
    filledInSeconds: 1,
    operations: [
      { name: 'trusted', title: 'sign-in', small: { p50Ms: 10 }, large: { p50Ms: 12.9 } },
      { name: 'activity', title: 'pages', small: { p50Ms: 10 }, large: { p50Ms: 13.1 } },
    ],
    plans: { statements: 7, fullScans: [] },
  };
  expect(growthVerdict(growth)).toEqual([
    'More than 1.3 times: pages.',
    'Each of the 7 statements that ran reads the big tables by an index.',
  ]);
});
