/** Everything that a database has of a person: found by going through tables whose rows name him anywhere, a page at a time. */

/** Tables that name people elsewhere than in a key of theirs: they are gone through. */
export type PassedTable =
  'silo' | 'silo_dead' | 'silo_ledger' | 'mwi_publication' | 'mwi_subscription' | 'mwi_change';

/** Tables whose rows are one person's, by their key. */
export type OwnTable =
  | 'binding'
  | 'silo_device'
  | 'silo_turn'
  | 'silo_box'
  | 'silo_lease'
  | 'silo_forget'
  | 'mwi_mailbox'
  | 'subscriber';

export type RowKey = string | number;

/** A row, and the addresses in it, by their columns. */
export interface NamingRow {
  readonly key: RowKey;
  readonly names: Readonly<Record<string, string>>;
}

/** A row as it stands, by columns; bytes that are text are text. */
export type PlainRow = Readonly<Record<string, string | number | null>>;

export interface PersonStore {
  /** Rows of a table behind this key (undefined: from the first one), in the order of keys, at most `limit`. */
  namingRows(table: PassedTable, after: RowKey | undefined, limit: number): Promise<readonly NamingRow[]>;
  /** These rows, whole; not of messages, which are read by `messageById` and `deadById`. */
  plainRows(
    table: Exclude<PassedTable, 'silo' | 'silo_dead'>,
    keys: readonly RowKey[],
  ): Promise<readonly PlainRow[]>;
  /** What a table has of its own of an AoR. */
  ownRows(table: OwnTable, aor: string): Promise<readonly PlainRow[]>;
  /** Erases these rows; of messages what the ledger has, too. Returns how many there were. Who watches is told. */
  eraseRows(table: PassedTable, keys: readonly RowKey[]): Promise<number>;
  /** Erases what a table has of its own of an AoR; returns how many rows that was. */
  eraseOwn(table: OwnTable, aor: string): Promise<number>;
  /** Rewrites the database, so that nothing is left in freed space. False: it can't be done from here, or not now. */
  compact(): Promise<boolean>;
}
