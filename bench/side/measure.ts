/** All rounds: in each one every workload, and in each workload every column, so that what else the machine does hits all. */
import { startMariaDb, type TestMariaDb } from '../../test/support/mariadb.ts';
import type { SideArguments } from './arguments.ts';
import { Sipp } from './load/sipp.ts';
import { commitLatency, DatabaseMeter } from './meter/database.ts';
import { Meter, type Cost } from './meter/meter.ts';
import type { Column, Outcome, Running, Site, Workload } from './model.ts';
import type { Progress } from './progress.ts';
import { sizesOf } from './sizes.ts';

/** One workload on one column in one round. */
export interface Sample extends Outcome {
  readonly workload: string;
  readonly column: string;
  readonly round: number;
  readonly cost: Cost;
}

/** What was not measured, and why. */
interface Failure {
  readonly workload: string;
  readonly column: string;
  readonly round: number;
  readonly why: string;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly failures: readonly Failure[];
  /** Of MariaDB, before the rounds; undefined where no column uses it. */
  readonly commitMs: number | undefined;
}

/** The database's memory holds what the run writes, as one in production does; its commits are on disk. */
const MARIADB = ['--innodb-buffer-pool-size=512M', '--innodb-log-file-size=256M'];

export async function measure(
  wanted: SideArguments,
  place: Omit<Site, 'mariadb' | 'kamailioChildren'>,
  progress: Progress,
): Promise<Measured> {
  const usesMariaDb = wanted.columns.some(({ id }) => id.endsWith('mariadb') || id === 'kamailio');
  const mariadb = usesMariaDb ? await startMariaDb({ args: MARIADB }) : undefined;
  try {
    const site = { ...place, mariadb, kamailioChildren: wanted.kamailioChildren };
    const commitMs = mariadb && (await commitsOf(mariadb));
    return { ...(await rounds(wanted, site, progress)), commitMs };
  } finally {
    await mariadb?.stop();
  }
}

async function commitsOf(mariadb: TestMariaDb): Promise<number> {
  const database = await mariadb.createDatabase('probe');
  const took = await commitLatency(database.url);
  await database.drop();
  return took;
}

async function rounds(
  wanted: SideArguments,
  site: Site,
  progress: Progress,
): Promise<Omit<Measured, 'commitMs'>> {
  const samples: Sample[] = [];
  const failures: Failure[] = [];
  for (let round = 1; round <= wanted.rounds; round++)
    for (const workload of wanted.workloads)
      for (const column of wanted.columns) {
        if (!fits(workload, column)) continue;
        const what = { workload: workload.id, column: column.id, round };
        progress.begins(`round ${round}/${wanted.rounds}, ${workload.title}: ${column.title}`);
        try {
          const sample = { ...what, ...(await one(wanted, { workload, column, site })) };
          samples.push(sample);
          progress.ends(`${show(sample.figure)} ${workload.unit}`);
        } catch (error) {
          // One that fails must not cost the hours of the others.
          const why = error instanceof Error ? error.message : String(error);
          failures.push({ ...what, why });
          progress.ends(`failed: ${why}`);
        }
      }
  return { samples, failures };
}

/** The bare app keeps nothing that it could send. */
export function fits(workload: Workload, column: Column): boolean {
  return !(workload.stores === true && column.id.startsWith('ceiling'));
}

interface Cell {
  readonly workload: Workload;
  readonly column: Column;
  readonly site: Site;
}

/** Everything anew: the process, its database and its phones. */
async function one(
  { count, seconds }: SideArguments,
  { workload, column, site }: Cell,
): Promise<Outcome & { readonly cost: Cost }> {
  const running = await column.start(
    site.profiles === undefined ? site : { ...site, profiles: `${site.profiles}/${workload.id}` },
  );
  const sipp = new Sipp(running.server);
  const database = await databaseOf(running, site.mariadb);
  const meter = new Meter(running, sipp, database);
  let cost: Cost | undefined;
  try {
    const outcome = await workload.run({
      running,
      sipp,
      sizes: sizesOf(count, seconds),
      measured: async (work) => {
        const measured = await meter.measured(work);
        cost = measured.cost;
        return measured.value;
      },
    });
    if (!cost) throw new Error('nothing was measured');
    return { ...outcome, cost };
  } finally {
    await sipp.close();
    await database?.meter.close();
    await running.stop();
  }
}

async function databaseOf(running: Running, mariadb: TestMariaDb | undefined) {
  if (!running.usesMariaDb || !mariadb) return undefined;
  return { pid: mariadb.pid, meter: await DatabaseMeter.open(mariadb.url('')) };
}

function show(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
