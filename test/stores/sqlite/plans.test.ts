/** No statement that runs often goes through a whole table: each that the engine prepares is explained. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { openFile, type OpenFile } from '../../../lib/stores/sqlite/inside/database.ts';
import { createEngine } from '../../../lib/stores/sqlite/engine.ts';
import { storeOn } from '../../../lib/stores/sqlite/store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EVERY_METHOD } from '../contract/every-method.ts';
import { expectPurged } from '../contract/purge-all.ts';
import { FILLED, ROWS, fillingOf } from '../contract/filling.ts';

/** What may go through a table, and why. */
const EXCEPTIONS: readonly { readonly statement: RegExp; readonly why: string }[] = [
  { statement: /from silo_body_key order by id/, why: 'a row for each key that an operator has made' },
  { statement: /from silo_node order by node/, why: 'a row for each node' },
  { statement: /select 1 from subscriber limit 1/, why: 'one row is enough' },
  { statement: /silo_nonce_key/, why: 'a few rows, the keys of some days' },
  { statement: /select outcome, n from silo_outcome/, why: 'a row for each outcome' },
  {
    statement: /from silo_box .*\) e union all select/,
    why: 'goes through the two pages that its inner selects have found',
  },
  { statement: /^select l\.dedup, l\.box/, why: 'goes through the page that its inner select has found' },
];

let folder: ReturnType<typeof temporaryFolder>;
let file: OpenFile;
let path = '';
const seen = new Set<string>();
beforeAll(async () => {
  folder = temporaryFolder('silo-plans');
  path = join(folder.path, 'silo.db');
  await (await openStore(`sqlite:${path}`)).close();
  file = openFile(path);
  file.exec(`create temp table numbers (n integer primary key);
    insert into numbers with recursive all_of (n) as (select 1 union all select n + 1 from all_of where n < ${ROWS})
      select n from all_of`);
  file.transaction(() => {
    for (const statement of fillingOf(String(FILLED.now), 'sqlite')) file.exec(statement);
  }, 'normal');
}, 60_000);
afterAll(() => {
  file.close();
  folder.remove();
});

/** The rows of a plan that go through a table (or the whole of an index), or sort. */
function fullSteps(statement: string): readonly string[] {
  const database = new DatabaseSync(path);
  try {
    const plan = database.prepare(`explain query plan ${statement}`).all() as { detail: string }[];
    return plan
      .map(({ detail }) => detail)
      .filter((detail) => /^SCAN (?!CONSTANT|\d|\()|USE TEMP B-TREE/.test(detail));
  } finally {
    database.close();
  }
}

test('no statement of any method goes through a whole table, or sorts one', async () => {
  const engine = createEngine(
    {
      sql: (text) => {
        seen.add(text);
        return file.sql(text);
      },
    },
    () => FILLED.now,
  );
  const store = storeOn(
    {
      call: (method, args) =>
        Promise.resolve(Reflect.apply(engine[method as keyof typeof engine], undefined, args)),
      load: () => ({ connections: 1, busy: 0, waiting: 0, wait: { bounds: [], counts: [0], sum: 0 } }),
      close: () => Promise.resolve(),
    },
    'in this thread',
  );
  for (const call of Object.values(EVERY_METHOD)) await call(store, FILLED);
  const bad = [...seen]
    .filter((statement) => !EXCEPTIONS.some((exception) => exception.statement.test(statement)))
    .map((statement) => [statement.replace(/\s+/g, ' '), fullSteps(statement)] as const)
    .filter(([, steps]) => steps.length > 0);
  expect(Object.fromEntries(bad)).toEqual({});
  expect(seen.size).toBeGreaterThan(70);
}, 60_000);

test('every table has something that takes its rows away, or a bound', async () => {
  file.exec('update silo_lease set ends = 1; update silo_node set seen = 1; update silo_forget set at = 1');
  const counts = () => {
    const tables = file.sql(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite~_%' escape '~'",
    );
    return Promise.resolve(
      new Map(
        tables.all().map(({ name }) => {
          const [row] = file.sql(`select count(*) as n from ${String(name)}`).all();
          return [String(name), Number(row?.['n'])] as const;
        }),
      ),
    );
  };
  const store = await openStore(`sqlite:${path}`, { now: () => FILLED.now });
  await expectPurged(store, counts);
  await store.close();
}, 60_000);
