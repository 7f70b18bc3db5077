/** 100,000 rows: with progress, fast, in order; a second run imports none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { msiloTable, type Engine, type MsiloTable } from '../support/msilo.ts';
import { needing } from '../support/needing.ts';
import { runImportCommand } from './command.ts';

const ROWS = Number(process.env['TEST_IMPORT_ROWS'] ?? 100_000);
const BOXES = 1_000;

describe.concurrent.each([
  ['SQLite', undefined],
  ['MariaDB', mariadbMissing()],
] as const)('100,000 rows, from %s to the same', (engine: Engine, missing) => {
  describe('are imported', needing(missing), () => {
    let source: MsiloTable;
    beforeAll(async () => {
      source = await msiloTable(engine);
      const words = 'Lorem ipsum dolor sit amet. '.repeat(6);
      for (let from = 0; from < ROWS; from += 10_000)
        await source.insert(
          ...Array.from({ length: Math.min(10_000, ROWS - from) }, (_, index) => ({
            username: `user${(from + index) % BOXES}`,
            dst_addr: `sip:user${(from + index) % BOXES}@example.org`,
            body: Buffer.from(`${from + index + 1} ${words}`),
            extra_hdrs: 'X-Number: 1\r\nP-Asserted-Identity: <sip:alice@example.org>\r\n',
            callid: `${from + index}@192.0.2.1`,
          })),
        );
    }, 120_000);
    afterAll(() => source.drop());

    test('with progress and in order', { timeout: 180_000 }, async () => {
      const first = await runImportCommand(source);
      expect(first.exit).toEqual({ code: 0, signal: null });
      if (process.env['IMPORT_FIGURES'] !== undefined) console.log(engine, first.stderr, first.stdout);
      expect(first.stdout).toMatch(new RegExp(`^imported +${ROWS.toLocaleString('en')}$`, 'm'));
      expect(first.stderr).toMatch(
        /^100,000 of 100,000 rows \(100 %\), [\d,]+ a second: 100,000 imported, 0/m,
      );
      const [order] = await source.stored(
        `select count(*) as n from silo a join silo b on b.id = a.id + 1
           where cast(substr(a.body, 1, 6) as unsigned) + 1 <> cast(substr(b.body, 1, 6) as unsigned)`.replaceAll(
          'unsigned',
          engine === 'SQLite' ? 'integer' : 'unsigned',
        ),
      );
      expect(Number(order?.['n'])).toBe(0);

      const second = await runImportCommand(source);
      if (process.env['IMPORT_FIGURES'] !== undefined) console.log(engine, second.stderr, second.stdout);
      expect(second.exit).toEqual({ code: 0, signal: null });
      expect(second.stdout).toMatch(/^imported +0$/m);
      expect(second.stdout).toContain('100,000 imported before');
      const [count] = await source.stored('select count(*) as n from silo');
      expect(Number(count?.['n'])).toBe(ROWS);
    });
  });
});
