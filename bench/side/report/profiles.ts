/** CPU profiles of Node, added up by package of node_modules, room of ours, or part of Node. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** As `node --cpu-prof` writes it. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

const TOP = 12;
/** What is no work of the program. */
const RESTING = '(idle)';

/** The top of each profile under `<folder>/<workload>/<column>/`. */
export function profilesText(folder: string): string {
  return namesIn(folder)
    .flatMap((workload) =>
      namesIn(join(folder, workload)).map((column) => {
        const spent = new Map<string, number>();
        const path = join(folder, workload, column);
        for (const name of namesIn(path)) add(spent, join(path, name));
        return `\n${workload}, ${column} (${path}):\n${topOf(spent)}`;
      }),
    )
    .join('\n');
}

function topOf(spent: ReadonlyMap<string, number>): string {
  const busy = [...spent].filter(([name]) => name !== RESTING).sort(([, a], [, b]) => b - a);
  const all = busy.reduce((sum, [, time]) => sum + time, 0) || 1;
  return busy
    .slice(0, TOP)
    .map(([name, time]) => `${((100 * time) / all).toFixed(1).padStart(6)} %  ${name}`)
    .join('\n');
}

function add(spent: Map<string, number>, file: string): void {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  for (const [index, id] of samples.entries()) {
    const owner = owners.get(id) ?? '?';
    spent.set(owner, (spent.get(owner) ?? 0) + (timeDeltas[index] ?? 0));
  }
}

function ownerOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  const [, named] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (named !== undefined) return named;
  const [, room] = /\/dist\/(lib\/.*|bench\/.*)\/[^/]+$/.exec(url) ?? [];
  if (room !== undefined) return room;
  // What V8 and the system do has no file: `(garbage collector)`, `writev`.
  if (url === '') return functionName === '' ? '(native)' : functionName;
  return url.startsWith('node:') ? url : functionName;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // No process of that column was one of Node.
    return [];
  }
}
