import { setTimeout as sleep } from 'node:timers/promises';

/** Far more than anything here takes, on a machine with other work as well: only a test that fails waits so long. */
export const LONG = 15_000;

/** Resolves when the check neither throws nor says false; it is looked at every few milliseconds. */
export async function until(check: () => unknown, timeout = LONG): Promise<void> {
  const limit = performance.now() + timeout;
  for (;;) {
    try {
      if ((await check()) !== false) return;
      if (performance.now() > limit)
        throw new Error(`it is not so within ${timeout} ms: ${check.toString()}`);
    } catch (error) {
      if (performance.now() > limit) throw error;
    }
    await sleep(10);
  }
}
