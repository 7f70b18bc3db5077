import { SiloError } from '../../base/errors.ts';

/**
 * The context classes of RFC 3458 6.2, with the one that RFC 3938 added to the same production, in
 * the spelling and the order in which they are written. Reading ignores case (RFC 3842 5.2).
 */
export const CONTEXT_CLASSES = [
  'Voice-Message',
  'Fax-Message',
  'Pager-Message',
  'Multimedia-Message',
  'Text-Message',
  'Video-Message',
  'None',
] as const;

/** What kind of message a count line counts (RFC 3458 6.2; RFC 3938). */
export type ContextClass = (typeof CONTEXT_CLASSES)[number];

/** The largest count that may be sent (RFC 3842 5.2): 2^32 - 1. */
export const MAX_COUNT = 4_294_967_295;

/** A longer body is refused unread (413). drachtio carries no frame beyond 12,000 bytes, so no real one is near. */
export const MAX_LENGTH = 16_384;

/** A body of more lines is refused unread (413). */
export const MAX_LINES = 512;

/** One count line. Urgent messages are part of the totals, not in addition to them (RFC 3842 3.5). */
export interface Counts {
  readonly new: number;
  readonly old: number;
  readonly urgentNew?: number;
  readonly urgentOld?: number;
}

/** One line of a header block, unfolded and without blanks at its ends. */
export interface MessageHeader {
  readonly name: string;
  readonly value: string;
}

/** What an `application/simple-message-summary` body says (RFC 3842 5.2). */
export interface Summary {
  readonly waiting: boolean;
  /** The `Message-Account` URI; required when the mailbox is a group or an alias (RFC 3842 3.5). */
  readonly account?: string;
  readonly counts: ReadonlyMap<ContextClass, Counts>;
  /** One block of headers per described message. Must not stand in the first NOTIFY of a subscription. */
  readonly messages: readonly (readonly MessageHeader[])[];
}

/** A summary that was read, with what was done to read it. */
export interface ParsedSummary extends Summary {
  /** One sentence for each departure from the grammar that was mended; empty in `strict`. */
  readonly repairs: readonly string[];
  /** One sentence for each thing that the grammar allows and a publisher hardly meant. */
  readonly warnings: readonly string[];
}

/**
 * How strictly a body is read.
 *
 * - `strict`: the grammar of RFC 3842 exactly, plus its rules that ABNF can't say.
 * - `lenient`: also what phones and voicemail servers really send, each departure mended and reported; a line that can't be
 *   read is left out and reported, but the status line has to be there and say one thing.
 * - `off`: nothing but an empty or an oversized body is refused.
 */
export type SummaryMode = 'strict' | 'lenient' | 'off';

/**
 * What a refused body broke: the `grammar`, a rule on the `meaning` of what is grammatical (a count beyond
 * 2^32 - 1, more urgent messages than messages, a class twice, text that was no UTF-8), or the limit on its `size`.
 */
export type SummaryFault = 'grammar' | 'meaning' | 'size';

/** Where in a body, both from 1; columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export const START: Place = { line: 1, column: 1 };

/** The only error that reading and writing a summary throws: says where, what was found and what was wanted. */
export class SummaryError extends SiloError {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly wanted: string;
  readonly fault: SummaryFault;

  constructor(fault: SummaryFault, { line, column }: Place, found: string, wanted: string) {
    super(
      'SILO_SIP_SYNTAX',
      `Message summary, line ${line}, column ${column}: found ${found}, wanted ${wanted}`,
      {
        status: fault === 'size' ? 413 : 400,
      },
    );
    this.name = 'SummaryError';
    this.line = line;
    this.column = column;
    this.wanted = wanted;
    this.fault = fault;
  }
}
