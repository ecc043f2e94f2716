import { geoEqualEarth, geoPath } from 'd3-geo';
import { scaleSqrt } from 'd3-scale';
import { useId } from 'react';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import outlines from 'world-atlas/land-110m.json';
import type { PlaceCount } from './places.ts';
import styles from './places-map.module.css';
import { useWidth } from './use-width.ts';

const world = outlines as unknown as Topology<{ land: GeometryCollection }>;
const land = feature(world, world.objects.land);

/** Nobody signs in from Antarctica: the map ends above it. */
const HEIGHT_OF_WIDTH = 0.42;
const SMALLEST_DOT = 4.5;
const LARGEST_DOT = 14;

export interface PlacesMapProps {
  readonly places: readonly PlaceCount[];
  readonly title: string;
}

/** The world with a dot for each place, larger where more happened, ringed where something was refused. */
export default function PlacesMap({ places, title }: PlacesMapProps) {
  const [element, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const height = Math.round(width * HEIGHT_OF_WIDTH);
  const projection = geoEqualEarth().fitWidth(width, { type: 'Sphere' });
  const radius = scaleSqrt([1, Math.max(2, ...places.map(({ count }) => count))], [SMALLEST_DOT, LARGEST_DOT]);
  return (
    <div ref={element} className={styles.map}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-labelledby={id}>
          <title id={id}>{title}</title>
          <path className={styles.land} d={geoPath(projection)(land) ?? ''} />
          {places.map(({ label, latitude, longitude, count, refused }) => {
            const [x, y] = projection([longitude, latitude]) ?? [0, 0];
            return (
              <g key={`${label} ${latitude} ${longitude}`}>
                <title>{label}</title>
                {refused > 0 && <circle className={styles.ring} cx={x} cy={y} r={radius(count) + 3} />}
                <circle className={styles.dot} cx={x} cy={y} r={radius(count)} />
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
