/** The drawing of a state machine, as it stands in the comment above its class. */
import { readFileSync } from 'node:fs';

export interface Arrow {
  readonly from: string;
  readonly step: string;
  readonly to: string;
}

/** All arrows `from ──step──► to` in the comments of a file below lib/silo. */
export function arrowsOf(file: string): readonly Arrow[] {
  const text = readFileSync(new URL(`../../lib/silo/${file}`, import.meta.url), 'utf8');
  const comments = text.split('\n').filter((line) => line.startsWith(' *'));
  // A lookahead: where one arrow ends the next one may begin.
  return comments
    .flatMap((line) => [...line.matchAll(/(\w+) ──(\w+)──►(?= (\w+))/g)])
    .map(([, from = '', step = '', to = '']) => ({ from, step, to }));
}

/** The steps that lead from one state to another, the shortest way. */
export function wayTo(arrows: readonly Arrow[], start: string, end: string): readonly Arrow[] {
  let ways: (readonly Arrow[])[] = [[]];
  for (let length = 0; length <= arrows.length; length++) {
    const found = ways.find((way) => (way.at(-1)?.to ?? start) === end);
    if (found) return found;
    ways = ways.flatMap((way) =>
      arrows.filter(({ from }) => from === (way.at(-1)?.to ?? start)).map((arrow) => [...way, arrow]),
    );
  }
  throw new Error(`no way from ${start} to ${end}`);
}
