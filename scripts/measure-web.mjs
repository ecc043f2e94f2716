// Measures the first load of the web client in Chromium, with a processor four times slower than this one:
//   node scripts/measure-web.mjs [http://localhost:4000] [runs]
// Prints the medians, with what came over the wire.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url = 'http://localhost:4000', runs = '5'] = process.argv.slice(2);
const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome-stable'].find((file) => existsSync(file));
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });

const results = [];
for (let run = 0; run < Number(runs); run += 1) results.push(await load());
await browser.close();
for (const name of Object.keys(results[0])) {
  const sorted = results.map((result) => result[name]).sort((a, b) => a - b);
  process.stdout.write(`${name.padEnd(34)} ${Math.round(sorted[sorted.length >> 1] * 1000) / 1000}\n`);
}

async function load() {
  const context = await browser.newContext({ viewport: { width: 412, height: 823 }, locale: 'en-US' });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.seen = { lcp: 0, cls: 0, tbt: 0 };
    const watch = (type, take) =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    watch('largest-contentful-paint', ({ startTime }) => (globalThis.seen.lcp = startTime));
    watch('layout-shift', ({ value, hadRecentInput }) => (globalThis.seen.cls += hadRecentInput ? 0 : value));
    watch('longtask', ({ duration }) => (globalThis.seen.tbt += duration - 50));
  });
  const debug = await context.newCDPSession(page);
  await debug.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(url, { waitUntil: 'load' });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  const measured = await page.evaluate(() => {
    const files = performance.getEntriesByType('resource');
    const kib = (entries) => entries.reduce((sum, { transferSize }) => sum + transferSize, 0) / 1024;
    const [painted] = performance.getEntriesByName('first-contentful-paint');
    return {
      'scripts, KiB over the wire': kib(files.filter(({ name }) => name.endsWith('.js'))),
      'everything, KiB over the wire': kib([...files, ...performance.getEntriesByType('navigation')]),
      requests: files.length + 1,
      'first contentful paint, ms': painted.startTime,
      'largest contentful paint, ms': globalThis.seen.lcp,
      'total blocking time, ms': globalThis.seen.tbt,
      'cumulative layout shift': globalThis.seen.cls,
    };
  });
  await context.close();
  return measured;
}
