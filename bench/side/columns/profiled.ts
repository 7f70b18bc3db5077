/** Has a Node process leave a CPU profile when it ends. */
import { join } from 'node:path';
import type { Site } from '../model.ts';

/** Node's arguments for it; threads leave one each. */
export function profiled({ profiles }: Site, name: string): readonly string[] {
  if (profiles === undefined) return [];
  return ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${join(profiles, name)}`];
}
