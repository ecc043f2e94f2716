import type { Cluster } from '../site/cluster.js';
import type { Database } from '../site/database.js';

/** A node of a plan, as `EXPLAIN (FORMAT JSON)` writes it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** A statement that was run, and the plan that it was run by. */
export interface Explained {
  readonly query: string;
  readonly plan: PlanNode;
}

/** A big table that a statement reads from end to end. */
export interface FullScan {
  readonly table: string;
  readonly query: string;
}

/** What all plans together say. */
export interface PlansSeen {
  /** Statements that differ in more than their values. */
  readonly statements: number;
  readonly fullScans: readonly FullScan[];
}

/**
 * Reads what auto_explain has logged. Where two processes of PostgreSQL wrote at the same moment, a plan may be
 * garbled: that one is left out, the same statement is there many times.
 */
export function parsePlans(lines: readonly string[]): Explained[] {
  const found: Explained[] = [];
  for (const [nth, line] of lines.entries()) {
    if (!line.endsWith(' plan:')) continue;
    const rest = lines.slice(nth + 1);
    const end = rest.findIndex((next) => !next.startsWith('\t'));
    const json = rest.slice(0, end < 0 ? rest.length : end).join('\n');
    try {
      const { 'Query Text': query, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode };
      found.push({ query, plan });
    } catch {}
  }
  return found;
}

/** The statement without its values, so that the same one is the same text. */
export function withoutValues(query: string): string {
  return query
    .replace(/'(?:[^']|'')*'/g, '?')
    .replace(/\$\d+|\b\d+(?:\.\d+)?\b/g, '?')
    .replace(/\?(?:\s*,\s*\?)+/g, '?')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The tables that a plan reads from end to end. */
export function scannedIn(plan: PlanNode): string[] {
  const own = plan['Node Type'] === 'Seq Scan' && plan['Relation Name'] ? [plan['Relation Name']] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedIn)];
}

/** @param big the tables that nothing may read from end to end */
export function judge(explained: readonly Explained[], big: readonly string[]): PlansSeen {
  const scans = new Map<string, FullScan>();
  for (const { query, plan } of explained) {
    for (const table of scannedIn(plan).filter((name) => big.includes(name))) {
      const text = withoutValues(query);
      scans.set(`${table} ${text}`, { table, query: text });
    }
  }
  return {
    statements: new Set(explained.map(({ query }) => withoutValues(query))).size,
    fullScans: [...scans.values()],
  };
}

/** The tables that have so many rows, by what ANALYZE found. */
export async function tablesAbove(database: Database, rows: number): Promise<string[]> {
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > $1 order by relname`,
    [rows],
  );
  return tables.map(({ name }) => name);
}

/**
 * Has PostgreSQL tell by which plan it runs each statement of each new connection, while work goes on. Plans that were
 * really used, with the values that they were used for: a plan that is asked for may be another one.
 */
export async function plansDuring(
  cluster: Cluster,
  database: Database,
  work: () => Promise<void>,
): Promise<Explained[]> {
  const name = new URL(database.url).pathname.slice(1);
  const set = (setting: string) => database.query(`alter database ${name} set ${setting}`);
  await set("session_preload_libraries = 'auto_explain'");
  await set('auto_explain.log_min_duration = 0');
  await set('auto_explain.log_format = json');
  await set('auto_explain.log_nested_statements = on');
  const lines: string[] = [];
  const stop = cluster.onLine((line) => lines.push(line));
  try {
    await work();
    return parsePlans(lines);
  } finally {
    stop();
    await database.query(`alter database ${name} reset all`);
  }
}
