/** Has a Node process leave a CPU profile when it ends. */
import { join } from 'node:path';
import type { Site } from '../model.ts';

/** The environment for it; threads leave one each. */
export function profiled({ profiles }: Site, name: string): Record<string, string> {
  if (profiles === undefined) return {};
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${join(profiles, name)}` };
}
