/** A SIP ladder on a terminal: one column per party, an arrow per message, top to bottom as it happens. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export interface Ladder {
  /** A sentence that says what happens next. */
  readonly chapter: (text: string) => void;
  /** A remark between two arrows. */
  readonly note: (text: string) => void;
  /** One SIP message from one party to another, and what is worth knowing of its content. */
  readonly arrow: (
    from: string,
    to: string,
    label: string,
    style: Style,
    content?: readonly string[],
  ) => void;
  /** The last line, under the ladder. */
  readonly end: (text: string, style: Style) => void;
}

/** From one column to the next. */
const WIDTH = 35;
const MARGIN = 4;

export function createLadder(parties: readonly string[], write: (line: string) => void): Ladder {
  const paint = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? styleText : plain;
  const columns = parties.map((_, index) => MARGIN + index * WIDTH);
  const length = (columns.at(-1) ?? 0) + MARGIN + 1;
  let begun = false;

  /** A row of characters with the life line of every party in it. */
  function row(): string[] {
    const cells = Array.from({ length }, () => ' ');
    for (const column of columns) cells[column] = '│';
    return cells;
  }

  function put(cells: string[], text: string, at: number): void {
    for (const [index, letter] of Array.from(text).entries()) cells[at + index] = letter;
  }

  function line(cells: readonly string[], from = 0, to = 0, style: Style = 'dim'): void {
    const part = (start: number, end?: number) => cells.slice(start, end).join('');
    const painted = to > from ? paint('dim', part(0, from)) + paint(style, part(from, to)) : '';
    write((painted + paint('dim', part(Math.max(from, to)))).trimEnd());
  }

  function heads(): void {
    const cells = Array.from({ length }, () => ' ');
    for (const [index, party] of parties.entries())
      put(cells, party, (columns[index] ?? 0) - Math.floor(party.length / 2));
    write(paint('bold', cells.join('').trimEnd()));
    line(row());
  }

  return {
    chapter: (text) => {
      if (begun) line(row());
      write(paint('bold', text));
      if (begun) line(row());
      else heads();
      begun = true;
    },
    note: (text) => write(paint('dim', `${' '.repeat(MARGIN)}│  ${text}`)),
    arrow: (from, to, label, style, content = []) => {
      const [start = 0, end = 0] = [columns[parties.indexOf(from)], columns[parties.indexOf(to)]];
      const [left, right] = [Math.min(start, end) + 1, Math.max(start, end)];
      const cells = row();
      for (let at = left; at < right; at++) cells[at] = '─';
      if (end > start) cells[right - 1] = '►';
      else cells[left] = '◄';
      const centre = (onto: string[], text: string) =>
        put(onto, text, left + Math.floor((right - left - Array.from(text).length) / 2));
      centre(cells, ` ${shorten(label, right - left - 6)} `);
      line(cells, left, right, style);
      for (const text of content) {
        const below = row();
        centre(below, shorten(text, right - left - 2));
        line(below, left, right, style);
      }
    },
    end: (text, style) => {
      line(row());
      write(paint(style, text));
    },
  };
}

function plain(_: Style, text: string): string {
  return text;
}

function shorten(text: string, length: number): string {
  const letters = Array.from(text);
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join('')}…`;
}
