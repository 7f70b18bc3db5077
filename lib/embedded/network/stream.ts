/** Cuts a TCP byte stream into SIP messages by Content-Length (RFC 3261 18.3) and answers keep-alives. */
import { BLANK_LINE } from '../text/message.ts';
import type { Received } from './flow.ts';

const LENGTH_LINE = /^(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*$/im;

/** Largest message from the network, as in drachtio-server. */
const MAX_MESSAGE = 2 * 1024 * 1024;
/** A head that is not complete by then is not waited for. */
const MAX_HEAD = 64 * 1024;

export interface StreamEvents {
  /** A double line end between messages asks for a single one (RFC 5626 3.5.1). */
  onPing(): void;
  onMessage(received: Received): void;
  /** The stream cannot be followed any more. */
  onLost(): void;
}

export class StreamFramer {
  readonly #events: StreamEvents;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes that must be there before looking again makes sense. */
  #wanted = 1;
  /** Where the search for the head's end goes on. */
  #searched = 0;
  #state: 'reading' | 'unbounded' | 'lost' = 'reading';
  /** The head of a message that is too large, and how much of it is still to be thrown away. */
  #excess: { readonly head: Buffer; readonly end: number; left: number } | undefined;

  constructor(events: StreamEvents) {
    this.#events = events;
  }

  push(chunk: Buffer): void {
    if (this.#state === 'lost') return;
    if (this.#state === 'unbounded') {
      this.#lose();
      return;
    }
    if (this.#excess) {
      this.#excess.left -= chunk.length;
      if (this.#excess.left <= 0) this.#refuse(this.#excess.head, this.#excess.end, 'too-large');
      return;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted && this.#step());
  }

  /** One message, keep-alive or decision to wait; false when more bytes are needed. */
  #step(): boolean {
    const buffer = this.#joined();
    if (buffer[0] === 0x0d || buffer[0] === 0x0a) return this.#lineEnds(buffer);
    const end = buffer.indexOf(BLANK_LINE, Math.max(0, this.#searched - 3));
    if (end < 0) {
      this.#searched = buffer.length;
      if (buffer.length > MAX_HEAD) this.#lose();
      else this.#wanted = buffer.length + 1;
      return false;
    }
    const length = LENGTH_LINE.exec(buffer.toString('latin1', 0, end))?.[1];
    const start = end + 4;
    if (length === undefined) return this.#endless();
    if (!/^\d{1,10}$/.test(length)) return this.#refuse(buffer, end, 'content-length');
    const total = start + Number(length);
    if (total > MAX_MESSAGE) return this.#exceed(buffer, end);
    if (buffer.length < total) {
      this.#wanted = total;
      return false;
    }
    this.#keep(buffer, total);
    this.#events.onMessage({
      bytes: buffer.subarray(0, total),
      headLength: end,
      body: buffer.subarray(start, total),
    });
    return true;
  }

  /** A run of line ends: one answer for all that came together. A single one may be half of a keep-alive. */
  #lineEnds(buffer: Buffer): boolean {
    let end = 0;
    while (end < buffer.length && (buffer[end] === 0x0d || buffer[end] === 0x0a)) end += 1;
    if (end < 4 && end === buffer.length) {
      this.#wanted = end + 1;
      return false;
    }
    if (end >= 4) this.#events.onPing();
    this.#keep(buffer, end);
    return true;
  }

  /** Without a length nobody can tell where the body ends: drachtio-server drops it, and closes at the next byte. */
  #endless(): boolean {
    this.#state = 'unbounded';
    this.#drop();
    return false;
  }

  /** The bytes are counted, not kept; the answer comes when they pass the limit, as from drachtio-server. */
  #exceed(buffer: Buffer, end: number): boolean {
    const left = MAX_MESSAGE - buffer.length;
    if (left <= 0) return this.#refuse(buffer, end, 'too-large');
    this.#excess = { head: Buffer.from(buffer.subarray(0, end + 4)), end, left };
    this.#drop();
    return false;
  }

  #refuse(buffer: Buffer, end: number, fault: 'too-large' | 'content-length'): false {
    this.#events.onMessage({
      bytes: buffer.subarray(0, end + 4),
      headLength: end,
      body: buffer.subarray(end + 4, end + 4),
      fault,
    });
    this.#lose();
    return false;
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (first && this.#chunks.length === 1) return first;
    const all = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [all];
    return all;
  }

  #keep(buffer: Buffer, from: number): void {
    const rest = buffer.subarray(from);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    this.#wanted = 1;
    this.#searched = 0;
  }

  #drop(): void {
    this.#chunks = [];
    this.#length = 0;
    this.#wanted = 1;
  }

  #lose(): void {
    this.#state = 'lost';
    this.#excess = undefined;
    this.#drop();
    this.#events.onLost();
  }
}
