import type * as orm from '@mikro-orm/core';

// Tables are described in the ORM's words, of which nothing but the names is needed to run: what was said of a column is kept,
// and said to the ORM itself where that is loaded, in wiring/orm.ts. To load it takes a hundred files, and memory for good.

/** What was called to describe a column. */
type Step = readonly [method: string, args: readonly unknown[]];
/** A column, or a function that returns it: of one that refers to another table, which may come later. */
type Column = object | (() => object);

/** A table as it was described. */
export interface Table {
  readonly name: string;
  readonly properties: Readonly<Record<string, Column>>;
}

const taken = new WeakMap<object, readonly Step[]>();

/** Stands for what `steps` have made; each further call is one more. */
function after(steps: readonly Step[]): object {
  const column = new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          after([...steps, [method, args]]),
    },
  );
  taken.set(column, steps);
  return column;
}

/** The ORM's `p`. */
export const p = after([]) as typeof orm.p;

/** The ORM's `defineEntity`. */
export const defineEntity = ((table: Table) => table) as unknown as typeof orm.defineEntity;

/** How a column was described, in order. */
export function stepsOf(column: Column): readonly Step[] {
  return taken.get(typeof column === 'function' ? column() : column) ?? [];
}

/** What its properties are called in the code, and in the database. */
export function namesIn(table: object): (readonly [property: string, column: string])[] {
  return Object.entries((table as Table).properties).map(([name, column]) => {
    const [, [given] = []] = stepsOf(column).find(([method]) => method === 'fieldName') ?? [];
    return [name, typeof given === 'string' ? given : snakeCase(name)];
  });
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
