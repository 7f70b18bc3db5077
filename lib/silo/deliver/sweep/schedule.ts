/** Boxes that are due before the sweep looks again: each is woken right then, so that reminders are on time. */

export interface ScheduleContext {
  readonly now: () => number;
  /** Seconds from now to the furthest time that is of interest: a later look comes early enough for what is beyond. */
  readonly horizon: number;
  readonly onDue: (box: string) => void;
}

export interface Schedule {
  /** The box is due then. */
  add(box: string, time: number): void;
  close(): void;
}

export function createSchedule({ now, horizon, onDue }: ScheduleContext): Schedule {
  /** By time and box. */
  const timers = new Map<string, NodeJS.Timeout>();

  function add(box: string, time: number): void {
    if (time > now() + horizon) return;
    if (time <= now()) {
      onDue(box);
      return;
    }
    const name = `${time} ${box}`;
    if (timers.has(name)) return;
    const timer = setTimeout(
      () => {
        timers.delete(name);
        if (time <= now()) add(box, time);
      },
      // `now()` counts whole seconds: what is left of this one is not waited for again.
      (time - now()) * 1000 - (Date.now() % 1000) + 5,
    );
    timer.unref();
    timers.set(name, timer);
  }

  return {
    add,
    close: () => {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
