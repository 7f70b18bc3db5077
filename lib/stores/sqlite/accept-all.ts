/** Many messages at once into SQLite, in one transaction and in their order. */
import { INSERT, remember } from './accept.ts';
import type { Sqlite } from './inside/database.ts';
import { noteChange } from './inside/changes.ts';
import { fromMessage } from '../shared/rows.ts';
import type { NewMessage } from '../contract/message.ts';

/** Was each of them new? */
export function acceptAll(db: Sqlite, messages: readonly NewMessage[], now: number): boolean[] {
  const boxes = new Set<string>();
  const stored = messages.map((message) => {
    const { key, box, incTime } = message;
    if (!remember(db, key, box, incTime)) return false;
    db.sql(INSERT).run(...fromMessage(message));
    boxes.add(box);
    return true;
  });
  for (const box of boxes) noteChange(db, box, now);
  return stored;
}
