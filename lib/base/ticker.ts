/** Work that is done every few seconds: never twice at once, and a failure is said once until it works again. */
import { textOf } from './errors.ts';
import type { Logger } from './log.ts';

export interface Ticker {
  /** Long work asks `stopping` now and then, and leaves the rest when it says so. */
  every(seconds: number, work: (stopping: () => boolean) => Promise<void>): void;
  /** Does no more, and waits for what is under way. */
  close(): Promise<void>;
}

export function createTicker(log: Logger): Ticker {
  const stops: (() => Promise<void>)[] = [];
  let failing = false;
  let stopped = false;
  return {
    every: (seconds, work) => {
      let running: Promise<void> | undefined;
      const timer = setInterval(() => {
        running ??= work(() => stopped)
          .then(
            () => {
              if (failing) log.warn('the store works again');
              failing = false;
            },
            (error: unknown) => {
              if (!failing) log.error(textOf(error));
              failing = true;
            },
          )
          .finally(() => (running = undefined));
      }, seconds * 1000);
      timer.unref();
      stops.push(async () => {
        clearInterval(timer);
        await running;
      });
    },
    close: async () => {
      stopped = true;
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}
