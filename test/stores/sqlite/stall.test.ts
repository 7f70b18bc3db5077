/** SQLite once worked in the event loop: 100,000 expired rows stopped it for 45 seconds, and MESSAGEs were lost to that. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFile } from '../../../lib/stores/sqlite/inside/database.ts';
import { createEngine } from '../../../lib/stores/sqlite/engine.ts';
import { acceptRules } from '../contract/accept-rules.ts';
import { ROWS, expiredRows, goWhileServing, stopInTheMidst } from '../contract/long-pause.ts';
import { aMessage } from '../contract/messages.ts';
import { fillSqlite } from '../../support/full-sqlite.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CALLS = 100;

let folder: ReturnType<typeof temporaryFolder>;
let storeUrl = '';
beforeEach(async () => {
  folder = temporaryFolder('silo-stall');
  const path = join(folder.path, 'silo.db');
  storeUrl = `sqlite:${path}`;
  await fillSqlite(path, expiredRows());
});
afterEach(() => folder.remove());

test('20,000 expired messages go while MESSAGEs are answered', () => goWhileServing(storeUrl), 60_000);

test('a stop in the midst of that is obeyed at once, and what is left goes at the next run', () =>
  stopInTheMidst(storeUrl));

test('how many messages wait, and whether a domain is full, takes a small part of what counting them would', () => {
  const file = openFile(storeUrl.slice('sqlite:'.length));
  const { ledger, accept } = createEngine(file, () => 1000);
  const rules = acceptRules({ domain: { messages: ROWS, bytes: 0 }, overflow: 'reject' });
  const median = (work: () => unknown) => {
    const times = Array.from({ length: CALLS }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    });
    return times.sort((a, b) => a - b)[CALLS / 2] ?? Infinity;
  };
  const counting = (sql: string) => median(() => file.sql(sql).all());
  try {
    expect(ledger().waiting).toBe(ROWS);
    expect(accept(aMessage('bob@example.org'), rules).full).toContain(`${ROWS} messages`);
    expect(median(ledger)).toBeLessThan(
      counting('select outcome, count(*) from silo_ledger group by outcome') / 5,
    );
    expect(median(() => accept(aMessage('bob@example.org'), rules))).toBeLessThan(
      counting("select count(*), sum(size) from silo where domain = 'example.org'") / 5,
    );
  } finally {
    file.close();
  }
});
