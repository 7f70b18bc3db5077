/** Every duration of the front end, in milliseconds. RFC 3261 table 4, and what drachtio-server adds. */
export interface Timers {
  /** First retransmission comes after twice this, as sofia-sip (under drachtio-server) does it. */
  readonly T1: number;
  /** Ceiling of the retransmission interval. */
  readonly T2: number;
  /** How long a message may stay in the network. */
  readonly T4: number;
  /** Timer F: an own request without an answer ends as an internal 408. */
  readonly F: number;
  /** Timer J: how long a final answer over UDP is repeated to retransmissions. */
  readonly J: number;
  /** A request that no app answers is forgotten after this time, without a word to its sender. */
  readonly pending: number;
  /** A subscription dialog that nobody has used for so long is forgotten (drachtio-server keeps it for ever). */
  readonly dialog: number;
  /** A TCP connection attempt ends after this time. */
  readonly connect: number;
  /** A TCP connection on which nothing moves is closed after this time. */
  readonly idle: number;
}

export const DEFAULT_TIMERS: Timers = {
  T1: 500,
  T2: 4_000,
  T4: 5_000,
  F: 32_000,
  J: 32_000,
  pending: 64_000,
  dialog: 86_400_000,
  connect: 30_000,
  idle: 1_800_000,
};
