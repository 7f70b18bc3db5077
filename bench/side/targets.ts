/** What is aimed at, as ratios between columns of one run and bounds on what was counted. */

/** The figure of a column against that of another one. */
interface RatioTarget {
  readonly workload: string;
  readonly column: string;
  readonly against: string;
  readonly atLeast: number;
}

/** What was counted, whichever round. */
interface BoundTarget {
  readonly workload: string;
  readonly column: string;
  /** A fact of the workload, or `statements`: of the database, for each request. */
  readonly fact: string;
  readonly atMost: number;
}

export const RATIOS: readonly RatioTarget[] = [
  { workload: 'accept', column: 'drachtio-mariadb', against: 'kamailio', atLeast: 1.2 },
  { workload: 'accept', column: 'drachtio-mariadb', against: 'ceiling-drachtio', atLeast: 0.7 },
  { workload: 'accept', column: 'embedded-sqlite', against: 'kamailio', atLeast: 1.5 },
  { workload: 'refresh', column: 'drachtio-mariadb', against: 'ceiling-drachtio', atLeast: 0.85 },
  { workload: 'dump', column: 'drachtio-mariadb', against: 'kamailio', atLeast: 2 },
  { workload: 'storm', column: 'drachtio-mariadb', against: 'kamailio', atLeast: 1.2 },
  { workload: 'publish', column: 'drachtio-mariadb', against: 'kamailio', atLeast: 2.5 },
];

const OURS = ['drachtio-mariadb', 'embedded-mariadb', 'embedded-sqlite'];
const forOurs = (workload: string, fact: string, atMost: number): BoundTarget[] =>
  OURS.map((column) => ({ workload, column, fact, atMost }));

/** Rates with much that waits already against those without. */
export const FULL_RATIO = {
  workloads: ['accept', 'alone', 'overload', 'refresh', 'dump', 'dump-one', 'storm', 'renew', 'publish'],
  atLeast: 0.9,
};

export const BOUNDS: readonly BoundTarget[] = [
  ...forOurs('accept', 'lost', 0),
  ...forOurs('accept', 'doubled', 0),
  ...forOurs('overload', 'lost', 0),
  ...forOurs('overload', 'doubled', 0),
  { workload: 'refresh', column: 'drachtio-mariadb', fact: 'statements', atMost: 0.1 },
  ...forOurs('dump', 'disordered', 0),
  ...forOurs('dump', 'missing', 0),
  ...forOurs('dump-one', 'disordered', 0),
  ...forOurs('lamp-latency', 'missing', 0),
  ...forOurs('lamp-latency', 'lampP99', 100),
];

/** From its start until it serves, ms, however much waits. */
export const READY = { workload: 'start', atMost: 3_000 };

/** Lamps a second: ten thousand within ten seconds. */
export const STORM = { workload: 'storm', column: 'drachtio-mariadb', atLeast: 1_000 };

/** Processor time of app and server for a SUBSCRIBE with its NOTIFY, against that for a MESSAGE. */
export const CPU = { workload: 'storm', against: 'accept', column: 'drachtio-mariadb', atMost: 2.5 };

/** Milliseconds that a sender waits longer than at the bare app, beyond one commit of the database. */
export const ALONE = {
  workload: 'alone',
  column: 'drachtio-mariadb',
  against: 'ceiling-drachtio',
  atMost: 1,
};
