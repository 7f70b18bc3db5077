/** What the side-by-side measurement is made of: columns (what is measured) and workloads (what it is asked to do). */
import type { Address } from '../../test/support/sip/message.ts';
import type { TestMariaDb } from '../../test/support/mariadb.ts';
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
  /** Asks its table of messages; undefined: it has none. */
  readonly table: MessageTable | undefined;
  stop(): Promise<void>;
}

/** The messages that wait, as the database has them. */
export interface MessageTable {
  /** Of the recipients whose name begins so: what each body begins with, recipient and number, in order of acceptance. */
  texts(prefix: string): Promise<readonly string[]>;
}

export interface Column {
  readonly id: string;
  readonly title: string;
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
