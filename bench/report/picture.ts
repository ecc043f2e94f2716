/** A bar, of one part or of several one behind the other. */
export interface Bar {
  readonly label: string;
  readonly values: readonly number[];
  /** What is written at its end. */
  readonly text: string;
}

/** Bars that are compared with each other, on a scale of their own. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** A picture: panels below each other. */
export interface Picture {
  readonly title: string;
  /** What the parts of a bar are; empty where it has but one. */
  readonly parts: readonly string[];
  readonly panels: readonly Panel[];
}

const WIDTH = 720;
const MARGIN = 24;
const LABEL_WIDTH = 84;
const TEXT_WIDTH = 150;
const BAR_HEIGHT = 18;
const BAR_STEP = 24;
const PANEL_HEAD = 30;
const HEAD = 56;
/** Distinct also for who sees no colours: they go from dark to light. */
const COLOURS = ['#1d4ed8', '#93b4f5', '#cbd5e1'];
const LONGEST = WIDTH - 2 * MARGIN - LABEL_WIDTH - TEXT_WIDTH;

/** The picture as SVG, on white, so that it can be read on a dark page too. */
export function svg({ title, parts, panels }: Picture): string {
  let y = HEAD;
  const drawn = panels.map((panel) => {
    const at = y;
    y += PANEL_HEAD + panel.bars.length * BAR_STEP;
    return panelSvg(panel, at);
  });
  const height = y + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2937">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN, 32, title, 'font-size="16" font-weight="600"'),
    ...legend(parts),
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function panelSvg({ title, bars }: Panel, top: number): string[] {
  const most = Math.max(...bars.map(({ values }) => sum(values)), Number.MIN_VALUE);
  return [
    text(MARGIN, top + 20, title, 'font-weight="600"'),
    ...bars.flatMap((bar, nth) => barSvg(bar, top + PANEL_HEAD + nth * BAR_STEP, LONGEST / most)),
  ];
}

function barSvg({ label, values, text: end }: Bar, top: number, scale: number): string[] {
  const left = MARGIN + LABEL_WIDTH;
  const base = top + BAR_HEIGHT - 5;
  const parts = values.map((value, nth) => {
    const x = left + sum(values.slice(0, nth)) * scale;
    return `<rect x="${round(x)}" y="${top}" width="${round(value * scale)}" height="${BAR_HEIGHT}" fill="${COLOURS[nth]}"/>`;
  });
  return [text(MARGIN, base, label), ...parts, text(left + sum(values) * scale + 8, base, end)];
}

function legend(parts: readonly string[]): string[] {
  return parts.flatMap((part, nth) => {
    const x = WIDTH - MARGIN - (parts.length - nth) * 110;
    return [`<rect x="${x}" y="21" width="12" height="12" fill="${COLOURS[nth]}"/>`, text(x + 18, 32, part)];
  });
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${y}"${attributes && ` ${attributes}`}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
