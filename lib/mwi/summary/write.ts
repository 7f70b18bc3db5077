import { isToken } from '../../sip/read/grammar.ts';
import { mendAccountUri } from './account.ts';
import { misshapeOf } from './shape.ts';
import {
  CONTEXT_CLASSES,
  MAX_COUNT,
  START,
  SummaryError,
  type Counts,
  type MessageHeader,
  type Summary,
} from './model.ts';
import { isHeaderText, lossAt, trimBlanks } from './text.ts';

/** What a device may want otherwise. The defaults suit most phones. */
export interface FormatOptions {
  /**
   * The urgent pair of a count line: `always`, with zeros where nothing is known (phones expect it, the default),
   * only where `given`, or `never`.
   */
  readonly urgent?: 'always' | 'given' | 'never';
  /** Write `Video-Message` (RFC 3938), which hardly any device knows. Default false. */
  readonly video?: boolean;
  /**
   * Write the header blocks. Default false: they must not stand in the first NOTIFY of a subscription, nor describe
   * older messages in a later one (RFC 3842 3.5), so the caller, who knows the subscription, asks for them.
   */
  readonly messages?: boolean;
  /** End with an empty line as FreeSWITCH does, which is not the RFC's grammar. Default false. */
  readonly emptyLineAtEnd?: boolean;
}

/**
 * Writes the canonical form of a summary (RFC 3842 5.2): capitals as in the RFC, one blank behind each
 * colon, CRLF, the account before the counts, Voice-Message first. Counts beyond 2^32 - 1 are written as that.
 * The same summary always gives the same text, whatever the order of its map.
 *
 * @throws {@link SummaryError} for what no body can say: a count that is no count, more urgent messages than
 * messages, an account that is no URI, a header that is none, and what is no summary at all. Line and column are those
 * of the text to be.
 */
export function formatSummary(summary: Summary, options: FormatOptions = {}): string {
  const misshape = misshapeOf(summary, options.messages === true);
  if (misshape) throw new SummaryError('meaning', START, misshape.found, misshape.wanted);
  const lines = [`Messages-Waiting: ${summary.waiting ? 'yes' : 'no'}`];
  const add = (name: string, write: (refuse: Refuse) => string) => {
    const refuse: Refuse = (found, wanted) => {
      const place = { line: lines.length + 1, column: name.length + 3 };
      throw new SummaryError('meaning', place, found, wanted);
    };
    lines.push(`${name}: ${write(refuse)}`);
  };
  const { account } = summary;
  if (account !== undefined) add('Message-Account', (refuse) => writeAccount(account, refuse));
  // From plain JavaScript, a misspelt class must not make messages vanish from the summary without an error.
  for (const name of summary.counts.keys())
    if (!CONTEXT_CLASSES.includes(name))
      add(name, (refuse) => refuse(`the class "${name}"`, CONTEXT_CLASSES.join(', ')));
  for (const name of CONTEXT_CLASSES) {
    const counts = summary.counts.get(name);
    if (counts === undefined || (name === 'Video-Message' && options.video !== true)) continue;
    add(name, (refuse) => writeCounts(counts, options.urgent ?? 'always', refuse));
  }
  if (options.messages === true)
    for (const headers of summary.messages.filter((block) => block.length > 0)) {
      lines.push('');
      for (const header of headers) add(header.name, (refuse) => writeHeader(header, refuse));
    }
  if (options.emptyLineAtEnd === true) lines.push('');
  return `${lines.join('\r\n')}\r\n`;
}

type Refuse = (found: string, wanted: string) => never;

function writeAccount(account: string, refuse: Refuse): string {
  const mended = lossAt(account) < 0 ? mendAccountUri(account) : undefined;
  return (
    mended ?? refuse('an account that is no URI', 'a SIP, SIPS or other absolute URI without angle brackets')
  );
}

function writeCounts(counts: Counts, urgent: 'always' | 'given' | 'never', refuse: Refuse): string {
  const count = (value: number, most = MAX_COUNT) => {
    if (value !== Infinity && !(Number.isInteger(value) && value >= 0))
      refuse(`the number ${value}`, 'a count');
    const kept = Math.min(value, MAX_COUNT);
    return kept <= most ? kept : refuse('more urgent messages than messages', `at most ${most}`);
  };
  const fresh = count(counts.new);
  const old = count(counts.old);
  const { urgentNew, urgentOld } = counts;
  const given = urgentNew !== undefined || urgentOld !== undefined;
  const pair = `(${count(urgentNew ?? 0, fresh)}/${count(urgentOld ?? 0, old)})`;
  return urgent === 'always' || (urgent === 'given' && given) ? `${fresh}/${old} ${pair}` : `${fresh}/${old}`;
}

function writeHeader({ name, value }: MessageHeader, refuse: Refuse): string {
  if (!isToken(name)) refuse('a header name that is no token', 'a token');
  if (!isHeaderText(value))
    refuse('a header value with control characters or broken text', 'text on one line');
  return trimBlanks(value);
}
