/** How long the event loop of this process stood still. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 5;

/** Milliseconds of the longest stall while `work` ran. */
export async function longestStall(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  try {
    await work();
    // A stall at the very end is seen by the next tick only.
    await new Promise((resolve) => setTimeout(resolve, 2 * RESOLUTION));
  } finally {
    delay.disable();
  }
  return Math.max(0, delay.max / 1e6 - RESOLUTION);
}
