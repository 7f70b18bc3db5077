/** The figures as bars, a panel for each workload; a line over each bar reaches from its lowest round to its highest. */
import type { Column, Workload } from '../model.ts';
import type { Cell } from './cells.ts';

const WIDTH = 760;
const LABEL = 170;
const BAR = 16;
const ROW = 24;
const HEAD = 44;
/** Room for the figure behind the longest bar. */
const FIGURE = 90;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #222 }
  .head { font-weight: 600 }
  .ours { fill: #2f6fb3 } .other { fill: #a3adb8 }
  line { stroke: #222; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } line { stroke: #ddd } .other { fill: #6b7580 } }
`;

export function plot(shown: {
  readonly workloads: readonly Workload[];
  readonly columns: readonly Column[];
  readonly cells: readonly Cell[];
}): string {
  let y = 0;
  const panels = shown.workloads.map((workload) => {
    const bars = shown.columns.flatMap((column) => {
      const cell = shown.cells.find((one) => one.workload === workload.id && one.column === column.id);
      return cell ? [{ column, cell }] : [];
    });
    const top = y;
    y += HEAD + bars.length * ROW;
    return panel(workload, bars, top);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img">
<style>${STYLE}</style>
${panels.join('\n')}
</svg>
`;
}

function panel(
  workload: Workload,
  bars: readonly { readonly column: Column; readonly cell: Cell }[],
  top: number,
): string {
  const most = Math.max(...bars.map(({ cell }) => cell.high), 0) || 1;
  const x = (value: number) => LABEL + (value / most) * (WIDTH - LABEL - FIGURE);
  const better = workload.lower === true ? ' (less is better)' : '';
  const lines = bars.map(({ column, cell }, index) => {
    const y = top + HEAD + index * ROW - 10;
    const middle = y + BAR / 2;
    const kind = /^(drachtio|embedded)/.test(column.id) ? 'ours' : 'other';
    const at = (value: number) => x(value).toFixed(1);
    return [
      `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${escaped(column.title)}</text>`,
      `<rect class="${kind}" x="${LABEL}" y="${y}" width="${(x(cell.median) - LABEL).toFixed(1)}" height="${BAR}"/>`,
      `<line x1="${at(cell.low)}" y1="${middle}" x2="${at(cell.high)}" y2="${middle}"/>`,
      `<text x="${(x(cell.high) + 6).toFixed(1)}" y="${y + 13}">${figure(cell.median)}</text>`,
    ].join('');
  });
  const head = `${workload.title}, ${workload.unit}${better}`;
  return [`<text class="head" x="8" y="${top + 24}">${escaped(head)}</text>`, ...lines].join('\n');
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
