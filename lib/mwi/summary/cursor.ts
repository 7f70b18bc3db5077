import { SummaryError, type SummaryFault, type SummaryMode } from './model.ts';
import * as text from './text.ts';

interface Complaint {
  readonly at: number;
  readonly found: string;
  readonly wanted: string;
}

/**
 * A place in the body, moved on by sticky patterns, and the judgement of what stands there: whatever the grammar doesn't
 * know goes through {@link Cursor.mend}, which refuses it in `strict` and notes it otherwise. So strict is
 * the grammar exactly, and lenient allows nothing that isn't reported.
 */
export class Cursor {
  readonly mode: SummaryMode;
  readonly repairs: string[] = [];
  readonly warnings: string[] = [];
  at = 0;
  readonly #text: string;
  /** The first break of a rule on meaning: grammar goes before it, so it waits for the end of the body. */
  #complaint: Complaint | undefined;
  #leftOut: SummaryError | undefined;

  constructor(body: string, mode: SummaryMode) {
    this.mode = mode;
    this.#text = mode === 'strict' ? body : this.#mendLineEnds(body);
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }

  get atEmptyLine(): boolean {
    return this.#text.startsWith('\r\n', this.at);
  }

  /** What the sticky pattern matches here, without moving. */
  peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.#text)?.[0];
  }

  /** Moves over what the sticky pattern matches here, if it does. */
  take(pattern: RegExp): string | undefined {
    const match = this.peek(pattern);
    if (match !== undefined) this.at += match.length;
    return match;
  }

  /** Moves over what must stand here. */
  need(pattern: RegExp, wanted: string): string {
    return this.take(pattern) ?? this.refuse(wanted);
  }

  colon(): void {
    this.take(text.BLANKS);
    this.need(/:/y, '":"');
    this.take(text.SEPARATOR_SPACE);
  }

  slash(): void {
    this.take(text.SEPARATOR_SPACE);
    this.need(/\//y, '"/"');
    this.take(text.SEPARATOR_SPACE);
  }

  endOfLine(orElse = ''): void {
    const start = this.at;
    const wanted = `${orElse}the end of the line (CRLF)`;
    if (this.mode !== 'strict' && this.take(text.TRAILING_SPACE) !== undefined)
      this.mend(wanted, 'blanks at its end left out', start);
    if (this.take(text.CRLF) !== undefined) return;
    // Behind blanks, what they lead to is the fault; blanks that lead to nothing are one themselves.
    this.take(text.BLANKS);
    this.refuse(wanted, this.atEmptyLine || this.done ? start : this.at);
  }

  /** Ends the reading: the grammar wants something else here. */
  refuse(wanted: string, at = this.at): never {
    throw this.#error('grammar', { at, found: this.#found(at), wanted });
  }

  /** Refuses in `strict`, notes the sentence otherwise. */
  mend(wanted: string, sentence: string, at = this.at): void {
    if (this.mode === 'strict') this.refuse(wanted, at);
    this.note(sentence, at);
  }

  /** Notes a repair in every mode. */
  note(sentence: string, at = this.at): void {
    this.repairs.push(`line ${lineOf(this.#text, at)}: ${sentence}`);
  }

  /** Remembers a break of a rule that the grammar can't say. */
  complain(found: string, wanted: string, at = this.at): void {
    this.#complaint ??= { at, found, wanted };
  }

  /** Notes what is allowed and was hardly meant. */
  warn(sentence: string, at = this.at): void {
    this.warnings.push(`line ${lineOf(this.#text, at)}: ${sentence}`);
  }

  /** Reads one line; unless in `strict`, one that can't be read is left out, with all that was thought of it. */
  attempt(read: () => void): void {
    const start = this.at;
    const repairs = this.repairs.length;
    const complaint = this.#complaint;
    try {
      read();
    } catch (error) {
      if (this.mode === 'strict' || !(error instanceof SummaryError)) throw error;
      this.#leftOut ??= error;
      this.#complaint = complaint;
      this.repairs.length = repairs;
      this.at = start;
      this.take(/[^\n]*\n/y);
      this.note(`left out, for ${error.wanted} was wanted in column ${error.column}`, start);
    }
  }

  /** For what can be said of a body only when all of it was read: ends the reading where a line was left out. */
  needAll(): void {
    if (this.#leftOut !== undefined) throw this.#leftOut;
  }

  /** The body is grammatical: the first thing wrong with its meaning, if any, ends the reading now. */
  finish(): void {
    const lost = text.lossAt(this.#text);
    // All modes but strict have left out what it stands in.
    if (lost >= 0 && this.mode === 'strict') this.complain('text that was no UTF-8', 'UTF-8', lost);
    if (this.#complaint !== undefined) throw this.#error('meaning', this.#complaint);
  }

  #error(fault: SummaryFault, { at, found, wanted }: Complaint): SummaryError {
    const column = at === 0 ? 1 : at - this.#text.lastIndexOf('\n', at - 1);
    return new SummaryError(fault, { line: lineOf(this.#text, at), column }, found, wanted);
  }

  /** One character at most: bodies may be private, and error sentences end in logs. */
  #found(at: number): string {
    const point = this.#text.codePointAt(at);
    if (point === undefined) return 'the end of the body';
    if (this.#text.startsWith('\r\n', at)) return 'the end of the line';
    if (point === 0x0a) return 'a line end without carriage return';
    if (point < 0x20 || point === 0x7f) return `control character ${point}`;
    return point === 0x20 ? 'a blank' : `"${String.fromCodePoint(point)}"`;
  }

  /** Only carriage returns are put in, so lines and columns stay what they were. */
  #mendLineEnds(body: string): string {
    const bare = body.search(/(?<!\r)\n/);
    if (bare >= 0)
      this.repairs.push(`line ${lineOf(body, bare)}: line end without carriage return completed`);
    const ended = body.endsWith('\n');
    if (!ended) this.repairs.push(`line ${lineOf(body, body.length)}: line end at the end of the body added`);
    return (ended ? body : `${body}\n`).replace(/(?<!\r)\n/g, '\r\n');
  }
}

function lineOf(body: string, at: number): number {
  let line = 1;
  for (let end = body.indexOf('\n'); end >= 0 && end < at; end = body.indexOf('\n', end + 1)) line++;
  return line;
}
