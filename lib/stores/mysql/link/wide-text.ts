/**
 * A `silo` table of another program may have text of two or four bytes a character in each case. Step 1 makes bytes of body and
 * headers as they stand, which nobody could read then, so that they are made UTF-8 before it.
 */
import { text, type Row } from '../../shared/values.ts';

const BECOME_BYTES = ['body', 'extra_hdrs'];

/** May run again. */
export async function keepWideText(query: (sql: string) => Promise<unknown>): Promise<void> {
  const rows = (await query(
    `select column_name as name from information_schema.columns
       where table_schema = database() and table_name = 'silo' and character_set_name regexp '^(ucs2|utf16|utf32)'`,
  )) as Row[];
  const wide = rows.map((row) => text(row, 'name')).filter((name) => BECOME_BYTES.includes(name));
  if (wide.length === 0) return;
  const changes = wide.map((name) => `modify ${name} mediumtext character set utf8mb4`);
  await query(`alter table silo ${changes.join(', ')}`);
}
