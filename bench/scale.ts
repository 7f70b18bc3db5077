/** `npm run bench -- --scale`: what docs/scaling.md reckons with: bytes a row, statements an event. MariaDB only. */
import { mariadbMissing, startMariaDb } from '../test/support/mariadb.ts';
import { ms, table, whole } from './figures.ts';
import { looks } from './looks.ts';
import { queryCosts } from './queries.ts';
import { tableSizes } from './table-sizes.ts';

export async function scale(rows: number): Promise<void> {
  if (!(rows >= 1000)) throw new Error(`--rows is ${rows}, wanted is 1000 or more`);
  const missing = mariadbMissing();
  if (missing !== undefined) throw new Error(missing);
  const mariadb = await startMariaDb({
    args: ['--innodb-buffer-pool-size=512M', '--innodb-log-file-size=256M'],
  });
  try {
    console.log('Counting statements …');
    const costs = await queryCosts((await mariadb.createDatabase()).url);
    console.log(
      `\n${table(
        ['event', 'reads', 'writes', 'transactions'],
        costs.map(({ event, reads, writes, transactions }) => [
          event,
          reads.toFixed(2),
          writes.toFixed(2),
          transactions.toFixed(2),
        ]),
      )}\n\nMaking ${whole(rows)} rows in each table …`,
    );
    const { url } = await mariadb.createDatabase();
    const sizes = await tableSizes(url, rows);
    console.log(
      `\n${table(
        ['bytes a row', 'row', 'indexes', 'in all', ''],
        sizes.map(({ table: name, bytes }) => {
          const row = bytes.get('row') ?? 0;
          const indexes = [...bytes].filter(([index]) => index !== 'row');
          const sum = indexes.reduce((total, [, size]) => total + size, 0);
          const each = indexes.map(([index, size]) => `${index} ${whole(size)}`).join(', ');
          return [name, whole(row), whole(sum), whole(row + sum), each];
        }),
      )}`,
    );
    const found = await looks(url, rows);
    console.log(
      `\n${table(
        [`with ${whole(rows)} rows in each`, 'p50 / p99'],
        [
          [`start: ${whole(found.boxes)} boxes read in`, `${found.start.toFixed(1)} s`],
          ['messages of a box', ms(found.waiting)],
          ['does a box hold mail', ms(found.holdsMail)],
          ['devices of an AoR', ms(found.bindings)],
          ['100 messages of other nodes', ms(found.tail)],
        ],
      )}`,
    );
  } finally {
    await mariadb.stop();
  }
}
