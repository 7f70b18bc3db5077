/** Tables of text that fit the terminal; a pipe gets them whole. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number;
  /** Numbers stand under each other. */
  readonly right?: true;
  /** It stays whole however narrow the terminal is: a name that somebody wants to copy. */
  readonly whole?: true;
}

const GAP = 2;
/** Columns that are cut keep as much. */
const NARROWEST = 8;

/** @param width columns of the terminal; undefined: as wide as need be */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
): readonly string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ of }) => printable(String(of(row))))),
  ];
  const natural = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ''))));
  const widths = width === undefined ? natural : fitted(natural, columns, width);
  return cells.map((line) =>
    line
      .map((cell, index) => padded(cut(cell, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.right))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** The widest gives way first. */
function fitted(
  natural: readonly number[],
  columns: readonly Column<never>[],
  width: number,
): readonly number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, each) => sum + each, GAP * (widths.length - 1));
  while (total() > width) {
    const [widest] = widths
      .map((each, index) => ({ each, index }))
      .filter(({ each, index }) => columns[index]?.whole !== true && each > NARROWEST)
      .sort((one, other) => other.each - one.each);
    if (widest === undefined) break;
    widths[widest.index] = widest.each - 1;
  }
  return widths;
}

function padded(text: string, width: number, right: true | undefined): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? blanks + text : text + blanks;
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const letter of text) {
    used += widthOf(letter);
    if (used > width - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}

/** What a stranger wrote must not move the cursor, nor break a line. */
function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\p{Cc}|\p{Cf}/gu, '\u{fffd}');
}

const WIDE =
  /\p{Extended_Pictographic}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u{ff01}-\u{ff60}]/u;

/** Columns of a terminal: ideographs and pictures take two, accents none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += /\p{Mn}|\p{Me}/u.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1;
  return width;
}
