import { describe, expect, test } from 'vitest';
import { table, widthOf, type Column } from '../../../lib/cli/frame/table.ts';

interface Row {
  readonly name: string;
  readonly count: number;
  readonly text: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'box', of: ({ name }) => name, whole: true },
  { title: 'waiting', of: ({ count }) => count, right: true },
  { title: 'text', of: ({ text }) => text },
];
const rows: readonly Row[] = [
  { name: 'bob@example.org', count: 7, text: 'see you at the place where we met last year' },
  { name: 'alice@example.org', count: 1200, text: 'short' },
];

describe('a table', () => {
  test('stands in columns, numbers under each other', () => {
    expect(table(rows, COLUMNS, undefined)).toEqual([
      'box                waiting  text',
      'bob@example.org          7  see you at the place where we met last year',
      'alice@example.org     1200  short',
    ]);
  });

  test('fits the terminal: what may be cut is cut, and names are not', () => {
    const lines = table(rows, COLUMNS, 40);
    expect(lines[1]).toBe('bob@example.org          7  see you at …');
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(40);
  });

  test('has a line for each row, and moves no cursor, whatever strangers wrote', () => {
    const [, line] = table(
      [{ name: 'eve', count: 1, text: 'one\r\ntwo\u001b[2Jthree\u202efour' }],
      COLUMNS,
      undefined,
    );
    expect(line).toBe('eve        1  one two\u{fffd}[2Jthree\u{fffd}four');
  });

  test('knows that ideographs are wide and accents are not', () => {
    expect([widthOf('漢字'), widthOf('e\u0301'), widthOf('😀'), widthOf('abc')]).toEqual([4, 1, 2, 3]);
    const [title, wide, narrow] = table(
      [
        { name: '漢字', count: 1, text: 'x' },
        { name: 'abcd', count: 1, text: 'x' },
      ],
      COLUMNS,
      undefined,
    );
    expect(widthOf(wide!)).toBe(widthOf(narrow!));
    expect(title).toMatch(/^box {3}waiting/);
  });
});
