/** The body of the message-summary event package, `application/simple-message-summary` (RFC 3842 5.2). */
import { MAX_LENGTH, MAX_LINES, START, SummaryError, type ParsedSummary, type SummaryMode } from './model.ts';
import { SummaryReader } from './read.ts';
import { notABody } from './shape.ts';

export {
  CONTEXT_CLASSES,
  MAX_COUNT,
  SummaryError,
  type ContextClass,
  type Counts,
  type MessageHeader,
  type ParsedSummary,
  type Summary,
  type SummaryFault,
  type SummaryMode,
} from './model.ts';
export { formatSummary, type FormatOptions } from './write.ts';

/** How to read a body. All but `mode` matter in `lenient` and `off` only: `strict` has no choices. */
export interface ParseOptions {
  /** Default `lenient`. */
  readonly mode?: SummaryMode;
  /** A count line of a class that is not registered: leave it out (the default) or count it as `None`. */
  readonly unknownClass?: 'ignore' | 'none';
  /**
   * A count beyond 2^32 - 1, or more urgent messages than messages: refuse the body, as is right towards a publisher
   * (the default), or lower it, as a subscriber should (RFC 3842 5.2). `off` always lowers.
   */
  readonly excess?: 'refuse' | 'clamp';
  /** A body that begins with its account or its counts: say `yes` where a count is new. Default false; always in `off`. */
  readonly deriveStatus?: boolean;
}

/**
 * Reads an `application/simple-message-summary` body (RFC 3842 5.2) in linear time.
 *
 * An empty body is no summary in any mode: in a PUBLISH it means refresh or removal, so ask for its length first. The
 * media type is the caller's to check (415). Bytes are read as UTF-8.
 *
 * In `lenient`, a line that can't be read is left out and reported, unless it is the status line. In `off`, nothing else is
 * refused below the size limit: a missing status is derived from the counts. A caller that hands the body on untouched keeps the text that came;
 * {@link formatSummary} is canonical in every mode.
 *
 * @throws {@link SummaryError} and nothing else, with line, column and what was wanted there.
 * @example
 * ```ts
 * const { waiting, counts } = parseSummary('Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n');
 * ```
 */
export function parseSummary(body: string | Uint8Array, options: ParseOptions = {}): ParsedSummary {
  const { mode = 'lenient', unknownClass = 'ignore', excess = 'refuse', deriveStatus = false } = options;
  const misshape = notABody(body);
  if (misshape) throw new SummaryError('grammar', START, misshape.found, misshape.wanted);
  if (body.length === 0)
    throw new SummaryError(
      'grammar',
      START,
      'an empty body',
      '"Messages-Waiting" (an empty body is no state)',
    );
  if (body.length > MAX_LENGTH)
    throw new SummaryError('size', START, `a body of length ${body.length}`, `at most ${MAX_LENGTH}`);
  // Decoding puts U+FFFD for what is no UTF-8, and that is refused like any other loss.
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  const lines = text.split('\n', MAX_LINES + 2).length - (text.endsWith('\n') ? 1 : 0);
  if (lines > MAX_LINES)
    throw new SummaryError(
      'size',
      { line: MAX_LINES + 1, column: 1 },
      'a further line',
      `at most ${MAX_LINES} lines`,
    );
  return new SummaryReader(text, { mode, unknownClass, excess, deriveStatus }).read();
}
