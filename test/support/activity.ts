import type { Handset } from './handset.js';
import type { Subscription } from './subscription.js';

const entry = `id type occurredAt device { id } deviceName platform method ipAddress
  location { label city countryCode } count isNewDevice isNewLocation`;

export const LOGIN_ACTIVITY = `query ($first: Int, $after: String, $types: [ActivityType!], $since: DateTime) {
  result: viewer { loginActivity(first: $first, after: $after, types: $types, since: $since) {
    edges { cursor node { ${entry} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

export const DAYS = `query ($days: Int) {
  result: viewer { days: loginActivityByDay(days: $days) { day signedIn refused } } }`;

const ACTIVITY_STREAM = `subscription ($after: String) { loginActivity(after: $after) { ${entry} } }`;

/** An entry of the sign-in activity. */
export interface Activity {
  readonly id: string;
  readonly type: string;
  readonly occurredAt: string;
  readonly device: { readonly id: string } | null;
  readonly deviceName: string;
  readonly method: 'APP' | 'EMAIL' | null;
  readonly ipAddress: string;
  readonly location: { readonly label: string; readonly city: string | null; readonly countryCode: string | null };
  readonly count: number;
  readonly isNewDevice: boolean;
  readonly isNewLocation: boolean;
}

/** A page of the sign-in activity. */
export interface ActivityPage {
  readonly edges: readonly { readonly cursor: string; readonly node: Activity }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** The counts of a day. */
export interface Day {
  readonly day: string;
  readonly signedIn: number;
  readonly refused: number;
}

/** Which entries are asked for; what is left out is left to the server. */
export interface ActivityFilter {
  readonly first?: number;
  readonly after?: string | null;
  readonly types?: readonly string[];
  readonly since?: string;
}

/** A page of the account's activity, the newest first. */
export async function pageOf(handset: Handset, filter: ActivityFilter = {}): Promise<ActivityPage> {
  const { loginActivity } = await handset.ask<{ loginActivity: ActivityPage }>(LOGIN_ACTIVITY, { ...filter });
  return loginActivity;
}

/** The entries of one page. */
export async function activityOf(handset: Handset, filter: ActivityFilter = {}): Promise<Activity[]> {
  return (await pageOf(handset, filter)).edges.map(({ node }) => node);
}

/** Every entry that a test makes. */
export function allActivityOf(handset: Handset): Promise<Activity[]> {
  return activityOf(handset, { first: 100 });
}

/** The entries as they are written, on a socket of its own. */
export function streamOf(handset: Handset, after?: string | null): Subscription<Activity> {
  return handset.client.subscribe(ACTIVITY_STREAM, { after }, { token: handset.sessionToken });
}
