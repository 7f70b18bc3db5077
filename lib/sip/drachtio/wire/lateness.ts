/**
 * How late we come to read a request. drachtio-server hands over all that it gets, and what we have not read yet waits in the connection,
 * seconds of it under load, while each of its senders repeats; our own event loop sees nothing of that. But with each request the
 * server says at which time it had it.
 *
 * Its clock may differ from ours. Whenever our loop was idle for a part of a second nothing waited for us, so by as much as the
 * youngest request of that second seems late, the clocks differ.
 */

/** A second in which the loop worked for less than this part of it. */
const IDLE = 0.8;
const SECOND = 1_000;
const DAY = 86_400_000;

export interface Lateness {
  /** A request was read, which the server had at this time of day (UTC, `HH:MM:SS.ffffff`). */
  readonly note: (time: string | undefined) => void;
  /** Of the request that was noted last, ms; 0 when none was within the last second. */
  readonly late: () => number;
}

export interface LatenessSources {
  /** Milliseconds, of the same clock as the server's. */
  readonly now: () => number;
  /** The part of the time since the last call that the event loop worked, 0 to 1. */
  readonly busy: () => number;
}

export function createLateness(
  { now, busy }: LatenessSources = { now: Date.now, busy: loopLoad() },
): Lateness {
  /** By how much the server's clock is behind ours. */
  let behind: number | undefined;
  let youngest = Infinity;
  let began = -Infinity;
  let late = 0;
  let noted = -Infinity;

  return {
    late: () => (Math.abs(now() - noted) < SECOND ? late : 0),
    note: (time) => {
      const at = now();
      const age = ageOf(time, at);
      if (age === undefined) return;
      if (at - began >= SECOND || at < began) {
        if (busy() < IDLE && youngest < Infinity) behind = youngest;
        youngest = Infinity;
        began = at;
      }
      youngest = Math.min(youngest, age);
      behind = Math.min(behind ?? age, age);
      late = age - behind;
      noted = at;
    },
  };
}

function ageOf(time: string | undefined, now: number): number | undefined {
  const parts = /^(\d\d):(\d\d):(\d\d(?:\.\d+)?)$/.exec(time ?? '');
  if (!parts) return undefined;
  const [, hours, minutes, seconds] = parts.map(Number);
  const then = ((hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1_000;
  const age = (now % DAY) - then;
  // Midnight may have been between them.
  return age > DAY / 2 ? age - DAY : age < -DAY / 2 ? age + DAY : age;
}

function loopLoad(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const load = performance.eventLoopUtilization(last).utilization;
    last = performance.eventLoopUtilization();
    return load;
  };
}
