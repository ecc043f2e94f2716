import type { MikroORM } from '@mikro-orm/postgresql';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
}

/** The columns of all tables at one moment. */
export class TableColumns {
  private constructor(private readonly columns: ReadonlyMap<string, Column>) {}

  static async of(orm: MikroORM): Promise<TableColumns> {
    const columns = await orm.em.fork().execute<Column[]>(
      `select table_name || '.' || column_name as name, data_type as type, is_nullable = 'YES' as "isNullable",
         column_default is not null as "hasDefault"
       from information_schema.columns where table_schema = 'public'`,
    );
    return new TableColumns(new Map(columns.map((column) => [column.name, column])));
  }

  get count(): number {
    return this.columns.size;
  }

  /** What would break the code that knows only these columns on tables that have the later ones, a line each. */
  brokenBy(later: TableColumns): string[] {
    const tables = new Set([...this.columns.keys()].map(tableOf));
    return [
      ...[...this.columns.values()].flatMap((column) => changeOf(column, later.columns.get(column.name))),
      ...[...later.columns.values()]
        .filter(({ name }) => tables.has(tableOf(name)) && !this.columns.has(name))
        .filter(({ isNullable, hasDefault }) => !isNullable && !hasDefault)
        .map(({ name }) => `${name} must be written`),
    ];
  }
}

function changeOf(before: Column, after: Column | undefined): string[] {
  if (!after) return [`${before.name} is gone`];
  if (after.type !== before.type) return [`${before.name} is ${after.type}`];
  if (before.isNullable && !after.isNullable) return [`${before.name} may not be null any more`];
  if (before.hasDefault && !after.hasDefault) return [`${before.name} has no default any more`];
  return [];
}

function tableOf(column: string): string {
  return column.slice(0, column.indexOf('.'));
}
