/** What a command says: for people, or with `--json` for programs. Standard output has the answer and nothing else. */
import { styleText } from 'node:util';
import { table, type Column } from './table.ts';

/** What a word looks like on a terminal that has colours. */
type Style = 'bold' | 'green' | 'yellow' | 'red' | 'dim';

export interface Output {
  /** Programs read it. */
  readonly json: boolean;
  /** The answer, whole: as JSON, or as the text for people. */
  readonly answer: (value: unknown, text: () => string) => void;
  /** The answer is a list of rows. */
  readonly rows: <Row>(rows: readonly Row[], columns: readonly Column<Row>[], end?: string) => void;
  /** One more piece of an answer that has no end: a line of JSON, or the text for people. */
  readonly line: (value: unknown, text: () => string) => void;
  /** What is no part of the answer: on standard error. */
  readonly note: (text: string) => void;
  readonly styled: (style: Style, text: string) => string;
}

export function createOutput(json: boolean): Output {
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  const styled = (style: Style, text: string) =>
    process.stdout.isTTY && process.stdout.hasColors() ? styleText(style, text) : text;
  const answer: Output['answer'] = (value, text) =>
    write(json ? JSON.stringify(value, undefined, 2) : text());
  return {
    json,
    styled,
    answer,
    rows: (rows, columns, end = '') =>
      answer(rows, () => {
        const width = process.stdout.isTTY ? process.stdout.columns : undefined;
        const [titles = '', ...lines] = table(rows, columns, width);
        return [
          ...(rows.length === 0 ? [] : [styled('bold', titles), ...lines]),
          ...(end === '' ? [] : [end]),
        ].join('\n');
      }),
    line: (value, text) => write(json ? JSON.stringify(value) : text()),
    note: (text) => void process.stderr.write(`${text}\n`),
  };
}
