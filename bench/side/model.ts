/** What the side-by-side measurement is made of: columns (what is measured) and workloads (what it is asked to do). */
import type { Address } from '../../test/support/sip/message.ts';
import type { TestMariaDb } from '../../test/support/mariadb.ts';
import type { FullStores } from './columns/full.ts';
import type { Sipp } from './load/sipp.ts';
import type { Sizes } from './sizes.ts';

/** Who spends processor time. */
export type Role = 'app' | 'server' | 'database' | 'load';

/** What all columns of a run share. */
export interface Site {
  readonly mariadb: TestMariaDb | undefined;
  /** The program of a real drachtio-server. */
  readonly drachtio: string | undefined;
  readonly kamailioChildren: number;
  /** Processes of this application where its store takes several. */
  readonly workers: number;
  /** For the columns that begin with much that waits; undefined: none is wanted. */
  readonly full: FullStores | undefined;
  /** Where a CPU profile of the app is left; undefined: none. */
  readonly profiles: string | undefined;
}

/** One system, ready to be asked. */
export interface Running {
  readonly server: Address;
  /** Its processes; each counts with its children. */
  readonly pids: Partial<Record<'app' | 'server', number>>;
  /** Has it MariaDB's work to answer for? */
  readonly usesMariaDb: boolean;
  /** From its start until it serves, ms; undefined: it says nothing of that. */
  readonly readyMs?: number;
  /** Asks its table of messages; undefined: it has none. */
  readonly table: MessageTable | undefined;
  stop(): Promise<void>;
}

/** The messages that wait, as the database has them. */
export interface MessageTable {
  /** Of the recipients whose name begins so: what each body begins with, recipient and number, in order of acceptance. */
  texts(prefix: string): Promise<readonly string[]>;
}

/** What the names of columns end with that begin with a full store. */
export const FULL = '-full';

export interface Column {
  readonly id: string;
  readonly title: string;
  /** This application, and none of those that it is measured against. */
  readonly ours?: boolean;
  /** The same on a store in which much waits already (`--waiting`). */
  readonly full?: Column;
  /** Why it can't run here and what to do about it. */
  missing(site: Site): string | undefined;
  start(site: Site): Promise<Running>;
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** What its figure counts. */
  readonly unit: string;
  /** Is a lower figure the better one? */
  readonly lower?: boolean;
  /** It needs a store: the bare app has none. */
  readonly stores?: boolean;
  /** It is about this application alone. */
  readonly ours?: boolean;
  run(ground: Ground): Promise<Outcome>;
}

/** What a workload works with. */
export interface Ground {
  readonly running: Running;
  readonly sizes: Sizes;
  /** A load or a phone; ended with the workload at the latest. */
  readonly sipp: Sipp;
  /** The part that counts: processor time, memory and the database's work are those of this. */
  readonly measured: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface Outcome {
  readonly figure: number;
  /** Requests or messages that the figure is about: costs are divided by it. */
  readonly count: number;
  /** What else was seen, such as `lost` and `repeats`. */
  readonly facts: Readonly<Record<string, number>>;
}
