import { createHash } from 'node:crypto';
import { namesIn } from './table.js';

/** A piece of SQL whose values stand beside its text. Pieces are put into each other by `sql`. */
export class Fragment {
  constructor(
    private readonly texts: readonly string[],
    private readonly values: readonly unknown[],
  ) {}

  /** The text with `$1`, `$2` ... where values go, and the values in that order. */
  compile(): Compiled {
    const values: unknown[] = [];
    return { text: this.append(values), values };
  }

  private append(bound: unknown[]): string {
    const { texts, values } = this;
    let text = texts[0] ?? '';
    // Plain steps: each statement of each request comes by here, piece by piece.
    for (let nth = 0; nth < values.length; nth += 1) {
      const value = values[nth];
      text += value instanceof Fragment ? value.append(bound) : `$${bound.push(value)}`;
      text += texts[nth + 1];
    }
    return text;
  }
}

/** What goes to PostgreSQL. */
export interface Compiled {
  readonly text: string;
  readonly values: unknown[];
}

/** SQL with every value bound: what stands in `${}` is a value, or another piece of SQL. An array is one value. */
export function sql(texts: TemplateStringsArray, ...values: unknown[]): Fragment {
  return new Fragment(texts, values);
}

/** Text of our own that goes into a statement as it is: an alias, a column. Never what somebody else chose. */
export function raw(text: string): Fragment {
  return new Fragment([text], []);
}

/**
 * What is the same in every statement of a process, a setting or a list of our own words: it stands in the text, so that
 * PostgreSQL computes with it once, when it plans, and nobody sends it. Never what somebody else chose.
 * @throws RangeError for what is neither a number nor words
 */
export function constant(value: number | readonly string[]): Fragment {
  if (typeof value === 'number' && Number.isFinite(value)) return raw(String(value));
  if (typeof value === 'object' && value.every((word) => /^\w+$/.test(word))) return raw(`'{${value.join()}}'::text[]`);
  throw new RangeError('a constant is a number, or words');
}

const names = new Map<string, string>();
/** Ours are some hundred; what makes texts of its own accord must not fill the memory, nor PostgreSQL's. */
const NAMES_MOST = 2_000;

/**
 * The name under which a connection prepares a statement once: 32 hexadecimal digits of the SHA-256 of its text.
 * @returns undefined past some thousand texts: what comes then is planned each time
 */
export function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= NAMES_MOST) return known;
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  names.set(text, name);
  return name;
}

const lists = new WeakMap<object, Map<string, Fragment>>();

/**
 * The columns of a table by name, each called as its property is. Never `*`: a column that a newer version adds would
 * change what a prepared statement returns, which PostgreSQL refuses on every connection that has prepared it.
 * @param alias the table's in the statement, where there is more than one
 * @param only some of its properties; all where none are named
 */
export function columns(table: object, alias = '', only: readonly string[] = []): Fragment {
  const key = [alias, ...only].join();
  const ofTable = lists.get(table) ?? new Map<string, Fragment>();
  lists.set(table, ofTable);
  const list = ofTable.get(key) ?? raw(listOf(table, alias, only));
  ofTable.set(key, list);
  return list;
}

function listOf(table: object, alias: string, only: readonly string[]): string {
  const prefix = alias && `${alias}.`;
  return namesIn(table)
    .filter(([name]) => only.length === 0 || only.includes(name))
    .map(([name, column]) => (column === name ? `${prefix}${column}` : `${prefix}${column} as "${name}"`))
    .join(', ');
}
