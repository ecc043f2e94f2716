// The icons of the installed web client, drawn from src/web/icon.svg into src/web/icons: npm run icons. Needs Chromium.

import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const web = path.join(import.meta.dirname, '..', 'src', 'web');
const folder = path.join(web, 'icons');
const drawing = readFileSync(path.join(web, 'icon.svg'), 'utf8');

/** Systems that cut icons to a shape of their own want no corners; Android's may cut away all but the inner four fifths. */
const square = drawing.replace(' rx="8"', '');
const inset = square.replace(/(<rect[^>]*>)(.*)<\/svg>/s, '$1<g transform="translate(4 4) scale(.75)">$2</g></svg>');
/** What stands in a status bar: white where the drawing is, and nothing else. */
const alone = drawing.replace(/<rect[^>]*>/, '');

const icons = [
  ['icon-192', drawing, 192],
  ['icon-512', drawing, 512],
  ['icon-maskable-512', inset, 512],
  ['apple-touch-icon', square, 180],
  ['badge', alone, 96],
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const page = await browser.newPage();
for (const [name, svg, size] of icons) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`);
  await page.screenshot({ path: path.join(folder, `${name}.png`), omitBackground: true });
}
await browser.close();
