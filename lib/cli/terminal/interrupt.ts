/** Ctrl-C, asked for rather than obeyed at once: the first one lets a piece of work come to its end. */

/** Signals this close together are one, in ms: under npm Ctrl-C comes twice, from the terminal and handed on by npm. */
const ONE_SIGNAL = 500;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupt {
  readonly happened: boolean;
  /** Signals mean again what they mean to everybody. */
  end(): void;
}

/** A second signal ends the process at once. */
export function onInterrupt(first: () => void): Interrupt {
  let since: number | undefined;
  const listener = (): void => {
    if (since !== undefined && performance.now() - since < ONE_SIGNAL) return;
    if (since !== undefined) process.exit(1);
    since = performance.now();
    first();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    get happened() {
      return since !== undefined;
    },
    end: () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    },
  };
}
