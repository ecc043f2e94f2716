/** What node-postgres reads the rows of a result by (8.23, lib/result.js). */
interface Shape {
  fields: unknown;
  _parsers: unknown;
  _prebuiltEmptyResultObject: unknown;
}

/** A statement that is being answered, as it keeps it (lib/query.js). */
export interface Answered {
  readonly name?: string;
  readonly _result: Shape;
  /** Whether its rows are kept for who waits for all of them; it is set when they are described. */
  _accumulateRows: boolean;
}

/** How it asks. */
export interface Asking {
  bind(statement: { readonly statement?: string }): void;
  describe(what: object): void;
}

/**
 * What PostgreSQL said of the rows of the statements that are prepared on a connection. It is asked once of each rather than
 * at each run, which is a third to a half of what a statement costs here: it refuses to run one that has come to return
 * something else ("cached plan must not change result type").
 */
export class RowShapes {
  private readonly known = new Map<string, Shape>();

  constructor(asking: Asking) {
    const bind = asking.bind.bind(asking);
    const describe = asking.describe.bind(asking);
    let isKnown = false;
    asking.bind = (statement) => {
      isKnown = this.known.has(statement.statement ?? '');
      bind(statement);
    };
    asking.describe = (what) => {
      if (!isKnown) describe(what);
    };
  }

  /** Keeps what was just said of a statement's rows; that it returns none, where it has ended without that. */
  keep(answered: Answered | null): void {
    if (answered?.name && !this.known.has(answered.name)) this.known.set(answered.name, shapeOf(answered._result));
  }

  /** Has a row read as it was said before, where it was not said anew. */
  apply(answered: Answered | null): void {
    if (!answered?.name || answered._result._prebuiltEmptyResultObject !== null) return;
    Object.assign(answered._result, this.known.get(answered.name));
    answered._accumulateRows = true;
  }
}

function shapeOf({ fields, _parsers, _prebuiltEmptyResultObject }: Shape): Shape {
  return { fields, _parsers, _prebuiltEmptyResultObject };
}
