/** How much of everything, from the one number that the command line has. */
export interface Sizes {
  /** Requests that are open at the same time at saturation. */
  readonly open: number;
  /** MESSAGEs, and REGISTERs, of a round. */
  readonly requests: number;
  /** Requests before those that count: as many again, since a server runs for weeks and Node is at its pace after some seconds. */
  readonly warmUp: number;
  /** Of one sender who waits for each answer. */
  readonly alone: number;
  readonly devices: number;
  /** Messages for each of the devices; for the one device. */
  readonly each: number;
  readonly one: number;
  /** Lamps that are there before; that subscribe at once; that renew; that watch a mailbox which changes. */
  readonly lit: number;
  readonly storm: number;
  readonly renewing: number;
  readonly watchers: number;
  /** How long what has a fixed rate goes on. */
  readonly seconds: number;
}

/** @param count MESSAGEs of a round */
export function sizesOf(count: number, seconds: number): Sizes {
  const part = (divisor: number) => Math.max(2, Math.round(count / divisor));
  return {
    open: Math.min(200, part(2)),
    requests: count,
    warmUp: count,
    alone: part(20),
    devices: part(20),
    each: 10,
    one: part(2),
    lit: part(2),
    storm: part(2),
    renewing: part(4),
    watchers: part(10),
    seconds,
  };
}
