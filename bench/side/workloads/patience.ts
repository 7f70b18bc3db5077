/** Waiting for what phones note. */
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 100;
/** When nothing has come for so long, nothing will; in ms. */
const PATIENCE = 15_000;

/** Resolves when `progress` has reached `wanted`, or grows no more. */
export async function reached(wanted: number, progress: () => number): Promise<void> {
  let most = 0;
  let since = performance.now();
  while (performance.now() - since < PATIENCE) {
    const now = progress();
    if (now >= wanted) return;
    if (now > most) [most, since] = [now, performance.now()];
    await pause(LOOK_MS);
  }
}
