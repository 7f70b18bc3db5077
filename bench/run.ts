/**
 * `npm run bench`: what one node does on this machine, on SQLite and on MariaDB side by side. Loopback only; the app, its
 * embedded SIP front end and the phones share the processors, so a real set-up looks different. `--seconds=N` (default 4)
 * makes it longer or shorter; `--scale` measures what docs/scaling.md reckons with instead, on `--rows=N` (default 500,000)
 * rows; `--stall` how long the event loop stands still with a large database, on `--rows=N` (default 1,000,000); `--operations` the lists and
 * counts of an operator, likewise; `--lamps` SUBSCRIBE and PUBLISH for the same mailboxes on MariaDB (`--seconds=N`, default 15); `--auth` what asking for passwords costs, on SQLite. MariaDB is one of our own if it is installed, or the database that SILO_BENCH_MYSQL names
 * (its tables are filled).
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auth } from './auth.ts';
import { mariadbMissing, startMariaDb } from '../test/support/mariadb.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { ms, table, whole } from './figures.ts';
import { DEVICES, SENDERS, measure, type Figures } from './measure.ts';
import { lamps } from './lamps.ts';
import { operations } from './operations.ts';
import { refreshCalls } from './refresh-calls.ts';
import { scale } from './scale.ts';
import { stall } from './stall.ts';

interface Column {
  readonly name: string;
  readonly figures: Figures;
  readonly calls: ReadonlyMap<string, number>;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    auth: { type: 'boolean', default: false },
    lamps: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
    stall: { type: 'boolean', default: false },
    operations: { type: 'boolean', default: false },
    rows: { type: 'string' },
    on: { type: 'string', default: 'both' },
  },
});
const seconds = Number(values.seconds ?? (values.lamps ? 15 : 4));
if (!(seconds > 0)) throw new Error(`--seconds is ${values.seconds ?? ''}, wanted is a number above 0`);

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'processor'}`);
if (values.scale) await scale(Number(values.rows ?? 500_000));
else if (values.auth) await auth(seconds);
else if (values.lamps) await lamps(seconds);
else if (values.operations) await operations(Number(values.rows ?? 1_000_000), values.on);
else if (values.stall) await stall(Number(values.rows ?? 1_000_000), values.on);
else console.log(`\n${report([await onSqlite(), ...(await onMysql())])}`);

async function onSqlite(): Promise<Column> {
  const folder = temporaryFolder('silo-bench');
  try {
    return await column('SQLite', `sqlite:${join(folder.path, 'silo.db')}`, 'sqlite::memory:');
  } finally {
    folder.remove();
  }
}

async function onMysql(): Promise<Column[]> {
  const named = process.env['SILO_BENCH_MYSQL'];
  if (named !== undefined) return [await column('MySQL', named, named)];
  const missing = mariadbMissing();
  if (missing !== undefined) {
    console.log(
      `MySQL is left out. ${missing}, or name a database: SILO_BENCH_MYSQL=mysql://user:password@host/database`,
    );
    return [];
  }
  const mariadb = await startMariaDb();
  try {
    const made = async () => (await mariadb.createDatabase()).url;
    return [
      await column('MariaDB', await made(), await made()),
      await column('MariaDB, two nodes', await made(), await made(), 2),
    ];
  } finally {
    await mariadb.stop();
  }
}

async function column(name: string, store: string, empty: string, nodes = 1): Promise<Column> {
  console.log(`Measuring on ${name} …`);
  return { name, figures: await measure(store, seconds, nodes), calls: await refreshCalls(empty) };
}

function report(all: readonly Column[]): string {
  const row = (label: string, show: (column: Column) => string) => [label, ...all.map(show)];
  return table(
    ['', ...all.map(({ name }) => name)],
    [
      row('accept, 1 sender: 202 a second', ({ figures }) => whole(figures.acceptOne.perSecond)),
      row('  p50 / p99', ({ figures }) => ms(figures.acceptOne)),
      row(`accept, ${SENDERS} senders: 202 a second`, ({ figures }) => whole(figures.acceptMany.perSecond)),
      row('  p50 / p99', ({ figures }) => ms(figures.acceptMany)),
      row(`dump, ${DEVICES} devices: messages a second`, ({ figures }) => whole(figures.dump)),
      row(`refresh, ${DEVICES} devices: 200 a second`, ({ figures }) => whole(figures.refresh.perSecond)),
      row('  p50 / p99', ({ figures }) => ms(figures.refresh)),
      row('  calls of the store per refresh', ({ calls }) =>
        [...calls].map(([method, count]) => `${method} ${count}`).join(', '),
      ),
    ],
  );
}
