import { groupedBy } from './grouping.js';

// What the checker reads of the product's tables: the columns by their own names in camel case, instants in milliseconds
// since 1970, hashes in PostgreSQL's hex form.

export interface AccountRecord {
  readonly id: string;
  readonly email: string;
  readonly epoch: number;
  readonly passwordHash: string;
  readonly twoStepEnabledAt: number | null;
  readonly codeFailures: number;
  readonly activityCount: number;
}

export interface DeviceRecord {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly trustedAt: number | null;
  readonly removedAt: number | null;
}

export interface SessionRecord {
  readonly id: string;
  readonly accountId: string;
  readonly deviceId: string;
  readonly tokenHash: string;
  readonly reason: string;
  readonly challengeId: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly endedAt: number | null;
}

export interface ChallengeRecord {
  readonly id: string;
  readonly accountId: string | null;
  readonly purpose: string;
  readonly state: string;
  readonly tries: number;
  readonly sends: number;
  readonly epoch: number | null;
  readonly email: string;
  readonly codeGivenAt: number | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
}

export interface ActivityRecord {
  readonly id: string;
  readonly accountId: string;
  readonly number: number;
  readonly type: string;
  readonly deviceName: string;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly challengeId: string | null;
  readonly accountId: string | null;
  readonly method: string;
  readonly notice: string | null;
  readonly facts: { readonly deviceName: string | null } | null;
  readonly state: string;
  readonly failure: string | null;
  readonly isWithheld: boolean;
  readonly claimedUntil: number | null;
  readonly createdAt: number;
}

export interface DisplayRecord {
  readonly challengeId: string;
  readonly deviceId: string;
  readonly seenAt: number | null;
}

/** The tables of which every version of every row is kept, and their rows. */
export interface Records {
  readonly account: AccountRecord;
  readonly device: DeviceRecord;
  readonly session: SessionRecord;
  readonly challenge: ChallengeRecord;
  readonly activity: ActivityRecord;
  readonly delivery: DeliveryRecord;
  readonly display: DisplayRecord;
}
export type TableName = keyof Records;

/** One committed change of a row, as a trigger wrote it down. */
export type Change = {
  [Table in TableName]: {
    readonly table: Table;
    /** Null: the row was inserted. */
    readonly before: Records[Table] | null;
    readonly after: Records[Table];
    /** Rises in the order in which the versions of a row, and all that happens behind one lock, came to be. */
    readonly seq: number;
    readonly transaction: string;
    readonly at: number;
  };
}[TableName];

type ChangeOf<Table extends TableName> = Extract<Change, { table: Table }>;

/** All that was stored, and how it came to be so. */
export class Tables {
  private readonly versions: ReadonlyMap<string, Change[]>;
  private readonly transactions: ReadonlyMap<string, Change[]>;
  private readonly last: ReadonlyMap<TableName, Change['after'][]>;

  /** @param codes the right code of each challenge, by its id */
  constructor(
    readonly changes: readonly Change[],
    readonly codes: ReadonlyMap<string, string>,
  ) {
    this.versions = groupedBy(changes, (change) => `${change.table} ${keyOf(change)}`);
    this.transactions = groupedBy(changes, ({ transaction }) => transaction);
    const latest = [...this.versions.values()].flatMap((versions) => versions.at(-1) ?? []);
    const byTable = groupedBy(latest, ({ table }) => table);
    this.last = new Map([...byTable].map(([table, ends]) => [table, ends.map(({ after }) => after)]));
  }

  /** The rows as they are in the end. */
  rows<Table extends TableName>(table: Table): readonly Records[Table][] {
    return (this.last.get(table) ?? []) as readonly Change['after'][] as readonly Records[Table][];
  }

  /** A row as it is in the end; null if there is none. */
  row<Table extends TableName>(table: Table, id: string): Records[Table] | null {
    return (this.versions.get(`${table} ${id}`)?.at(-1)?.after as Records[Table] | undefined) ?? null;
  }

  /** The changes of a table, the oldest first. */
  changesOf<Table extends TableName>(table: Table): ChangeOf<Table>[] {
    return this.changes.filter((change): change is ChangeOf<Table> => change.table === table);
  }

  /** A row as it was when a later change came to be; null if it was not there yet. */
  before<Table extends TableName>(table: Table, id: string, { seq }: Change): Records[Table] | null {
    const versions = this.versions.get(`${table} ${id}`) ?? [];
    return (versions.findLast((version) => version.seq < seq)?.after as Records[Table] | undefined) ?? null;
  }

  /** All that was committed together. */
  together(): Change[][] {
    return [...this.transactions.values()];
  }

  /** What else was committed with a change. */
  with({ transaction }: Change): Change[] {
    return this.transactions.get(transaction) ?? [];
  }
}

function keyOf({ table, after }: Change): string {
  return table === 'display' ? `${after.challengeId} ${after.deviceId}` : (after as { id: string }).id;
}
