import { scaleBand, scaleLinear } from 'd3-scale';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { ActivityDay } from './days-card.tsx';
import styles from './days-chart.module.css';
import { useWidth } from './use-width.ts';

const HEIGHT = 200;
const MARGIN = { start: 28, end: 4, top: 8, bottom: 24 };
/** So much room has a date below the axis. */
const LABEL_WIDTH = 72;
/** A single sign-in must not fill the whole height. */
const LOWEST_TOP = 4;
/** What is too little to be seen next to the rest still shows. */
const LEAST_BAR = 3;

export interface DaysChartProps {
  readonly days: readonly ActivityDay[];
  readonly title: string;
  readonly description: string;
}

/** Sign-ins as bars that rise from the middle line, refusals as striped ones that hang from it. */
export function DaysChart({ days, title, description }: DaysChartProps) {
  const { t, i18n } = useTranslation('account');
  const [element, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const top = Math.max(LOWEST_TOP, ...days.map(({ signedIn }) => signedIn));
  const bottom = Math.max(LOWEST_TOP / 2, ...days.map(({ refused }) => refused));
  const x = scaleBand<string>(
    days.map(({ day }) => day),
    [MARGIN.start, Math.max(MARGIN.start, width - MARGIN.end)],
  ).paddingInner(0.25);
  const y = scaleLinear([-bottom, top], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5);
  const number = new Intl.NumberFormat(i18n.language);
  const date = new Intl.DateTimeFormat(i18n.language, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const everyNth = Math.max(1, Math.ceil(LABEL_WIDTH / Math.max(x.step(), 1)));
  const height = (count: number) => (count > 0 ? Math.max(LEAST_BAR, Math.abs(y(count) - y(0))) : 0);
  return (
    <div ref={element} className={styles.chart}>
      <svg width={width} height={HEIGHT} role="img" aria-labelledby={`${id}-title ${id}-description`}>
        <title id={`${id}-title`}>{title}</title>
        <desc id={`${id}-description`}>{description}</desc>
        <defs>
          <pattern
            id={`${id}-stripes`}
            width="4"
            height="4"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="4" height="4" className={styles.refusedGround} />
            <rect width="2" height="4" className={styles.refused} />
          </pattern>
        </defs>
        {y
          .ticks(5)
          .filter(Number.isInteger)
          .map((tick) => (
            <g key={tick}>
              <line
                className={tick === 0 ? styles.middle : styles.line}
                x1={MARGIN.start}
                x2={width - MARGIN.end}
                y1={y(tick)}
                y2={y(tick)}
              />
              <text className={styles.label} x={MARGIN.start - 6} y={y(tick)} dy="0.32em" textAnchor="end">
                {number.format(Math.abs(tick))}
              </text>
            </g>
          ))}
        {days.map(({ day, signedIn, refused }, nth) => (
          <g key={day}>
            {signedIn + refused > 0 && (
              <>
                <title>
                  {`${date.format(new Date(day))}: ${t('activity.days.signedIn', { count: signedIn })}, ${t('activity.days.refused', { count: refused })}`}
                </title>
                <rect
                  className={styles.signedIn}
                  x={x(day)}
                  width={x.bandwidth()}
                  y={y(0) - height(signedIn)}
                  height={height(signedIn)}
                  rx="1.5"
                />
                <rect
                  className={styles.refusedBar}
                  fill={`url(#${id}-stripes)`}
                  x={x(day)}
                  width={x.bandwidth()}
                  y={y(0)}
                  height={height(refused)}
                  rx="1.5"
                />
              </>
            )}
            {(days.length - 1 - nth) % everyNth === 0 && (
              <text className={styles.label} x={(x(day) ?? 0) + x.bandwidth()} y={HEIGHT - 6} textAnchor="end">
                {date.format(new Date(day))}
              </text>
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}
