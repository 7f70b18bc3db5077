/** The results as tables of Markdown, which a terminal shows as well. */
import type { Column, Role, Workload } from '../model.ts';
import type { Cell } from './cells.ts';
import type { Verdict } from './verdicts.ts';

interface Shown {
  readonly workloads: readonly Workload[];
  readonly columns: readonly Column[];
  readonly cells: readonly Cell[];
}

/** Facts that are said beside a figure when they are not 0. */
const TOLD = ['lost', 'doubled', 'surplus', 'missing', 'disordered', 'refused', 'failed', 'repeats'];

export function figuresTable(shown: Shown): string {
  return grid(shown, ({ median, low, high, worst }) => {
    const told = TOLD.filter((name) => (worst[name] ?? 0) > 0).map(
      (name) => `${short(worst[name] ?? 0)} ${name}`,
    );
    return [`${short(median)} (${short(low)} to ${short(high)})`, ...told].join('; ');
  });
}

/** Processor time of each process, in ms for each request. */
export function costTable(shown: Shown): string {
  return grid(shown, ({ cpuMs }) =>
    (['app', 'server', 'database', 'load'] as const)
      .flatMap((role: Role) => (cpuMs[role] === undefined ? [] : [`${role} ${cpuMs[role].toFixed(2)}`]))
      .join(', '),
  );
}

export function databaseTable(shown: Shown): string {
  return grid(shown, ({ database, memoryMb }) =>
    [
      ...(database ? [`${database.statements.toFixed(2)} statements`, `${short(database.bytes)} bytes`] : []),
      `${short((memoryMb.app ?? 0) + (memoryMb.server ?? 0))} MB`,
    ].join(', '),
  );
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  return markdown(
    ['target', 'wanted', 'found', 'bare app', ''],
    verdicts.map(({ target, wanted, found, met, bare }) => [
      target,
      wanted,
      found.toFixed(2),
      bare?.toFixed(2) ?? '',
      met ? 'met' : '**not met**',
    ]),
  );
}

/** A row for each workload, a column for each column that was measured. */
function grid({ workloads, columns, cells }: Shown, show: (cell: Cell) => string): string {
  return markdown(
    ['', ...columns.map(({ title }) => title)],
    workloads.map(({ id, title, unit }) => [
      `${title}, ${unit}`,
      ...columns.map((column) => {
        const cell = cells.find((one) => one.workload === id && one.column === column.id);
        return cell ? show(cell) : '–';
      }),
    ]),
  );
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 10) / 10);
}
