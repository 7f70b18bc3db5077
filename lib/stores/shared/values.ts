/** Values and rows as both engines give and take them. */
export type Value = string | number | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;

/** Placeholders of an insert, one a column. */
export function marks(columns: readonly unknown[]): string {
  return columns.map(() => '?').join(', ');
}

/** LIMIT takes no placeholder in MySQL that works everywhere. */
export function whole(limit: number): number {
  return Math.max(0, Math.trunc(limit));
}

export function int(row: Row, column: string): number {
  return Number(row[column] ?? 0);
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : textOfBytes(row, column);
}

/** A column that another program may have filled as text or as a blob. */
export function textOfBytes(row: Row, column: string): string {
  return bytes(row, column).toString('utf8');
}

export function bytes(row: Row, column: string): Buffer {
  const value = row[column];
  if (value === null || value === undefined) return Buffer.alloc(0);
  if (typeof value === 'object') return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(String(value), 'utf8');
}

/** One a line. */
export function list(row: Row, column: string): readonly string[] {
  const lines = text(row, column);
  return lines === '' ? [] : lines.split('\n');
}
