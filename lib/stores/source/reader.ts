/** A database that is only read: what the source of an import and a dry run need of it. */
import type { Row } from '../shared/values.ts';

export interface SourceColumn {
  /** Characters that fit, where the database cuts or refuses what is longer. */
  readonly width: number | undefined;
  /**
   * Its text is neither UTF-8 nor bytes: `wide` where a character has two or four bytes in each case (ucs2, utf16, utf32), `other` for
   * the rest (latin1, cp1251, …), in which a program may have put UTF-8 all the same.
   */
  readonly charset: 'wide' | 'other' | undefined;
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
  /** An expression of text as the bytes of its UTF-8. */
  utf8(expression: string): string;
  close(): Promise<void>;
}
