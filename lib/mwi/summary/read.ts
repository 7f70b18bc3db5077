import { accountUriPrefix, isAccountUri, mendAccountUri } from './account.ts';
import { parseNameAddr } from '../../sip/read/name-addr.ts';
import { addCounts, isPlausible } from './counts.ts';
import { Cursor } from './cursor.ts';
import {
  CONTEXT_CLASSES,
  MAX_COUNT,
  type ContextClass,
  type Counts,
  type MessageHeader,
  type ParsedSummary,
  type SummaryMode,
} from './model.ts';
import * as text from './text.ts';

/** How a body is read; `ParseOptions` has the defaults and the reasons. */
export interface ReadOptions {
  readonly mode: SummaryMode;
  readonly unknownClass: 'ignore' | 'none';
  readonly excess: 'refuse' | 'clamp';
  readonly deriveStatus: boolean;
}

const CLASS_OF = new Map<string, ContextClass>(CONTEXT_CLASSES.map((name) => [name.toLowerCase(), name]));
const STATUS = 'messages-waiting';
const ACCOUNT = 'message-account';
const ACCOUNT_URI = 'a SIP, SIPS or other absolute URI without angle brackets';
const WANTED_STATUS = '"Messages-Waiting"';
const HEADER_TEXT = 'text or the end of the line (CRLF)';

/** Reads one body by the grammar of RFC 3842 5.2; each production is one method. */
export class SummaryReader {
  readonly #cursor: Cursor;
  readonly #options: ReadOptions;
  readonly #counts = new Map<ContextClass, Counts>();
  readonly #messages: MessageHeader[][] = [];
  #waiting: boolean | undefined;
  /** Where the status line was wanted. */
  #start = 0;
  /** The body begins with its account or its counts, and the caller takes that. */
  #derivable = false;
  #account: string | undefined;
  #counted = false;

  constructor(body: string, options: ReadOptions) {
    this.#options = options;
    this.#cursor = new Cursor(body, options.mode);
  }

  read(): ParsedSummary {
    const cursor = this.#cursor;
    if (cursor.mode !== 'strict' && cursor.take(/(?:[ \t]*\r\n)+/y) !== undefined)
      cursor.note('empty lines before the status line left out', 0);
    this.#start = cursor.at;
    this.#firstLine();
    while (!cursor.done && !cursor.atEmptyLine) this.#nextLine();
    this.#counted = this.#counts.size > 0;
    while (!cursor.done) this.#block();
    return this.#result();
  }

  /** The status line, if it is that: another line may come before it in all modes but strict. */
  #firstLine(): void {
    const cursor = this.#cursor;
    const { mode, deriveStatus } = this.#options;
    const name = this.#nextName();
    if (name === STATUS) this.#status();
    else if (mode === 'strict') cursor.refuse(WANTED_STATUS);
    else this.#derivable = mode === 'off' || (deriveStatus && (name === ACCOUNT || CLASS_OF.has(name)));
  }

  #nextLine(): void {
    const cursor = this.#cursor;
    if (cursor.mode === 'strict' || this.#nextName() !== STATUS) {
      cursor.attempt(() => this.#summaryLine());
      return;
    }
    const start = cursor.at;
    const before = this.#waiting;
    if (before === undefined) {
      cursor.note('the status line moved before the others', start);
      this.#status();
      return;
    }
    cursor.attempt(() => {
      this.#statusLine();
      cursor.note('a further status line left out', start);
    });
    if (this.#waiting !== before && cursor.mode === 'lenient') cursor.refuse('the same status again', start);
    this.#waiting = before;
  }

  /** A lamp must not lie: of all lines this is the one that has to be read. */
  #status(): void {
    const cursor = this.#cursor;
    if (cursor.mode === 'off') cursor.attempt(() => this.#statusLine());
    else this.#statusLine();
  }

  #nextName(): string {
    return this.#cursor.peek(text.TOKEN)?.toLowerCase() ?? '';
  }

  /** msg-status-line = "Messages-Waiting" HCOLON ( "yes" / "no" ) */
  #statusLine(): void {
    const cursor = this.#cursor;
    cursor.take(text.TOKEN);
    cursor.colon();
    const value = cursor.need(/yes|no/iy, '"yes" or "no"');
    cursor.endOfLine();
    this.#waiting = value.toLowerCase() === 'yes';
  }

  #summaryLine(): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    const first = this.#account === undefined && this.#counts.size === 0;
    const wanted = `${first ? '"Message-Account", ' : ''}a context class, an empty line or the end of the body`;
    const name = cursor.need(text.TOKEN, wanted).toLowerCase();
    const contextClass = CLASS_OF.get(name);
    if (contextClass !== undefined) {
      cursor.colon();
      this.#countLine(contextClass, start);
    } else if (name === ACCOUNT && this.#account === undefined) {
      if (!first) cursor.mend(wanted, 'the account moved before the counts', start);
      cursor.colon();
      this.#accountLine();
    } else if (name === ACCOUNT || cursor.mode === 'strict') {
      cursor.refuse(wanted, start);
    } else {
      this.#strangeLine(start);
    }
  }

  /** A line that only looks like a header: a class that is not registered, or a header without its empty line. */
  #strangeLine(start: number): void {
    const cursor = this.#cursor;
    cursor.colon();
    const counts = cursor.peek(text.COUNTS) !== undefined;
    if (counts && this.#options.unknownClass === 'none') {
      cursor.note('a class that is not registered counted as None', start);
      this.#countLine('None', start);
      return;
    }
    cursor.take(text.HEADER_VALUE);
    cursor.need(text.CRLF, HEADER_TEXT);
    const what = counts ? 'a class that is not registered' : 'a header without an empty line before it';
    cursor.note(`${what} left out`, start);
  }

  /** msg-account = "Message-Account" HCOLON Account-URI */
  #accountLine(): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    const raw = cursor.take(text.REST_OF_LINE) ?? '';
    let account = raw;
    if (!isAccountUri(raw)) {
      const wrong = start + accountUriPrefix(raw);
      account = text.trimBlanks(raw);
      if (account !== raw) cursor.mend(ACCOUNT_URI, 'blanks at its end left out', wrong);
      const named = account.includes('<') ? parseNameAddr(account) : undefined;
      if (named !== undefined) {
        account = named.uri;
        cursor.mend(ACCOUNT_URI, 'what stands around the URI of the account left out', wrong);
      }
      this.#needWhole(account, start);
      const mended = mendAccountUri(account) ?? cursor.refuse(ACCOUNT_URI, wrong);
      if (mended !== account) cursor.mend(ACCOUNT_URI, 'characters of the account percent-escaped', wrong);
      account = mended;
    }
    cursor.endOfLine();
    this.#account = account;
  }

  /** Behind HCOLON: newmsgs SLASH oldmsgs [ LPAREN new-urgentmsgs SLASH old-urgentmsgs RPAREN ] */
  #countLine(contextClass: ContextClass, start: number): void {
    const cursor = this.#cursor;
    const [fresh, old] = this.#pair([MAX_COUNT, MAX_COUNT]);
    let counts: Counts = { new: fresh, old };
    if (cursor.take(text.LPAREN) === undefined) {
      cursor.endOfLine('"(" or ');
    } else {
      const [urgentNew, urgentOld] = this.#pair([fresh, old]);
      counts = { ...counts, urgentNew, urgentOld };
      cursor.need(text.RPAREN, '")"');
      cursor.endOfLine();
    }
    const before = this.#counts.get(contextClass);
    if (before !== undefined) {
      if (cursor.mode === 'strict')
        cursor.complain(`a second ${contextClass} line`, 'each class once', start);
      else cursor.note(`a further ${contextClass} line added up`, start);
    }
    this.#counts.set(contextClass, before === undefined ? counts : addCounts(before, counts));
  }

  #pair(most: readonly [number, number]): [number, number] {
    const first = this.#count(most[0]);
    this.#cursor.slash();
    return [first, this.#count(most[1])];
  }

  /** msgcount = 1*DIGIT, at most 2^32 - 1; urgent messages are among the messages, so they are at most as many. */
  #count(most: number): number {
    const cursor = this.#cursor;
    const at = cursor.at;
    const value = Number(cursor.need(text.DIGITS, 'a count'));
    if (value <= most) return value;
    const found = value > MAX_COUNT ? `a count above ${MAX_COUNT}` : 'more urgent messages than messages';
    const { mode, excess } = this.#options;
    if (mode === 'off' || (mode === 'lenient' && excess === 'clamp'))
      cursor.note(`${found} lowered to ${most}`, at);
    else cursor.complain(found, `at most ${most}`, at);
    return most;
  }

  /** opt-msg-headers = CRLF 1*( extension-header CRLF ) */
  #block(): void {
    const cursor = this.#cursor;
    cursor.take(text.CRLF);
    const start = cursor.at;
    while (cursor.take(text.CRLF) !== undefined);
    if (cursor.done) cursor.mend('a header', 'empty lines at the end left out', start);
    else if (cursor.at > start) cursor.mend('a header', 'further empty lines left out', start);
    const headers: MessageHeader[] = [];
    while (!cursor.done && !cursor.atEmptyLine) cursor.attempt(() => this.#header(headers));
    if (headers.length > 0) this.#messages.push(headers);
  }

  /** extension-header = token HCOLON *( TEXT-UTF8char / UTF8-CONT / LWS ) */
  #header(headers: MessageHeader[]): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    const name = cursor.need(text.TOKEN, 'a header');
    cursor.colon();
    if (this.#strayed(name.toLowerCase(), start)) return;
    const value = cursor.take(text.HEADER_VALUE) ?? '';
    cursor.need(text.CRLF, HEADER_TEXT);
    this.#needWhole(value, start);
    headers.push({ name, value: text.unfold(value) });
  }

  /** Damaged text could not be written again; `strict`, the grammar, sees no fault in it and complains at the end. */
  #needWhole(value: string, start: number): void {
    if (this.#cursor.mode !== 'strict' && text.lossAt(value) >= 0) this.#cursor.refuse('UTF-8', start);
  }

  /**
   * Counts behind an empty line are headers to the grammar, but where no counts go before it they were hardly meant so.
   * Only what can be read without any complaint is taken: lenient must not refuse what strict accepts.
   */
  #strayed(name: string, start: number): boolean {
    const cursor = this.#cursor;
    if (this.#counted) return false;
    const contextClass = CLASS_OF.get(name);
    const counts = contextClass !== undefined && isPlausible(cursor.peek(text.COUNTS) ?? '');
    const account =
      name === ACCOUNT && this.#account === undefined && isAccountUri(cursor.peek(text.REST_OF_LINE) ?? '');
    if (!counts && !account) return false;
    const what = `${counts ? 'counts' : 'the account'} behind an empty line`;
    if (cursor.mode === 'strict') {
      cursor.warn(`${what} can only be read as a header`, start);
      return false;
    }
    cursor.note(`${what} read as such`, start);
    if (counts) this.#countLine(contextClass, start);
    else this.#accountLine();
    return true;
  }

  #result(): ParsedSummary {
    const cursor = this.#cursor;
    if (this.#waiting === undefined && cursor.mode === 'lenient') {
      if (!this.#derivable) cursor.refuse(WANTED_STATUS, this.#start);
      cursor.needAll();
    }
    cursor.finish();
    const fresh = [...this.#counts.values()].some((counts) => counts.new > 0);
    if (this.#waiting === undefined) cursor.note('no status line; derived from the counts', 0);
    else if (this.#waiting && !fresh && this.#counts.size > 0) cursor.warn('"yes", but no count is new', 0);
    else if (!this.#waiting && fresh) cursor.warn('"no", but there are new messages', 0);
    if (this.#counts.has('Video-Message'))
      cursor.warn('Video-Message is not a class of RFC 3458, but of RFC 3938', 0);
    return {
      waiting: this.#waiting ?? fresh,
      ...(this.#account === undefined ? {} : { account: this.#account }),
      counts: this.#counts,
      messages: this.#messages,
      repairs: cursor.repairs,
      warnings: cursor.warnings,
    };
  }
}
