import type { ActivityFieldsFragment } from '../../api/operations.ts';
import { kindOf } from './kinds.ts';

/** A place on the map, with what happened from there. */
export interface PlaceCount {
  readonly label: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Entries, floods counted in full. */
  readonly count: number;
  /** How many of them were refusals. */
  readonly refused: number;
}

/** Sums up by place, the busiest first; what has no place is left out. */
export function placesOf(entries: readonly ActivityFieldsFragment[]): PlaceCount[] {
  const places = new Map<string, PlaceCount>();
  for (const { location, type, count } of entries) {
    const { label, latitude, longitude } = location;
    if (latitude === null || longitude === null) continue;
    const key = `${label} ${latitude} ${longitude}`;
    const before = places.get(key);
    places.set(key, {
      label,
      latitude,
      longitude,
      count: (before?.count ?? 0) + count,
      refused: (before?.refused ?? 0) + (kindOf(type) === 'refused' ? count : 0),
    });
  }
  return [...places.values()].sort((one, other) => other.count - one.count);
}
