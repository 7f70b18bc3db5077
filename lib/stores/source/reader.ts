/** A database that is only read: what the source of an import and a dry run need of it. */
import type { Row } from '../shared/values.ts';

export interface SourceColumn {
  /** Characters that fit, where the database cuts or refuses what is longer. */
  readonly width: number | undefined;
  /** Does it hold one byte per character (latin1 and its like)? */
  readonly latin1: boolean;
}

export interface Reader {
  /** The database without user and password. */
  readonly name: string;
  /** Columns of a table; none when there is no such table. */
  columns(table: string): Promise<ReadonlyMap<string, SourceColumn>>;
  all(sql: string, values?: readonly (string | readonly string[])[]): Promise<Row[]>;
  /** A name of a table or column, quoted. */
  quoted(name: string): string;
  /** An expression as its bytes, whatever character set it has. */
  bytes(expression: string): string;
  close(): Promise<void>;
}
