/** All rounds: in each one every workload, and in each workload every column, so that what else the machine does hits all. */
import { startMariaDb, type TestMariaDb } from '../../test/support/mariadb.ts';
import type { SideArguments } from './arguments.ts';
import { FullStores } from './columns/full.ts';
import { closeAll } from './columns/ours.ts';
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
const MARIADB = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'];
/** A step that is not over by then is given up, ms. */
const STEP_LIMIT = 20 * 60_000;

export async function measure(
  wanted: SideArguments,
  place: Pick<Site, 'drachtio' | 'profiles'>,
  progress: Progress,
): Promise<Measured> {
  const usesMariaDb = wanted.columns.some(({ id }) => /mariadb|kamailio/.test(id));
  const mariadb = usesMariaDb ? await startMariaDb({ args: MARIADB }) : undefined;
  const full = wanted.waiting === 0 ? undefined : new FullStores(mariadb, wanted.waiting);
  try {
    const site = {
      ...place,
      mariadb,
      full,
      kamailioChildren: wanted.kamailioChildren,
      workers: wanted.workers,
    };
    const commitMs = mariadb && (await commitsOf(mariadb));
    return { ...(await rounds(wanted, site, progress)), commitMs };
  } finally {
    full?.close();
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
          const sample = { ...what, ...(await inTime(one(wanted, { workload, column, site }))) };
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

/** The bare app keeps nothing that it could send, and how others start is theirs. */
export function fits(workload: Workload, column: Column): boolean {
  if (workload.ours === true) return column.ours === true;
  return !(workload.stores === true && column.id.startsWith('ceiling'));
}

/** A step that hangs must not cost the others; what it has open goes with the run. */
async function inTime<T>(step: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it is not over after ${STEP_LIMIT / 60_000} minutes`)),
      STEP_LIMIT,
    );
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
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
  const opened = [() => running.stop()];
  try {
    const sipp = new Sipp(running.server);
    opened.push(() => sipp.close());
    const database = await databaseOf(running, site.mariadb);
    if (database) opened.push(() => database.meter.close());
    const meter = new Meter(running, sipp, database);
    let cost: Cost | undefined;
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
    await closeAll(opened);
  }
}

async function databaseOf(running: Running, mariadb: TestMariaDb | undefined) {
  if (!running.usesMariaDb || !mariadb) return undefined;
  return { pid: mariadb.pid, meter: await DatabaseMeter.open(mariadb.url('')) };
}

function show(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
