import { setTimeout as sleep } from 'node:timers/promises';

/** Far more than anything here takes, on a machine with other work as well: only a test that fails waits so long. */
export const LONG = 15_000;

/** Turns of the event loop in which all that lies in our sockets is read: some dozens of datagrams of each in each turn. */
export async function turns(count = 25): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

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
