/** Cuts a TCP byte stream into SIP messages by Content-Length (RFC 3261 §18.3) and answers keep-alives. */
import type { Received } from './flow.ts';

const blankLine = Buffer.from('\r\n\r\n');
const lengthLine = /^(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*$/im;

/** Largest message from the network, as in drachtio-server. */
export const maxMessage = 2 * 1024 * 1024;
/** A head that is not complete by then is not waited for. */
const maxHead = 256 * 1024;

export interface StreamEvents {
  /** A double line end between messages asks for a single one (RFC 5626 §3.5.1). */
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
  #lost = false;

  constructor(events: StreamEvents) {
    this.#events = events;
  }

  push(chunk: Buffer): void {
    if (this.#lost) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted && this.#step());
  }

  /** One message, keep-alive or decision to wait; false when more bytes are needed. */
  #step(): boolean {
    const buffer = this.#joined();
    if (buffer[0] === 0x0d || buffer[0] === 0x0a) return this.#lineEnds(buffer);
    const end = buffer.indexOf(blankLine, Math.max(0, this.#searched - 3));
    if (end < 0) {
      this.#searched = buffer.length;
      if (buffer.length > maxHead) this.#lose();
      else this.#wanted = buffer.length + 1;
      return false;
    }
    const length = lengthLine.exec(buffer.toString('latin1', 0, end))?.[1];
    const start = end + 4;
    // Without a length nobody can tell where the body ends: drachtio-server drops such a request.
    if (length === undefined) return this.#skip(start);
    if (!/^\d{1,10}$/.test(length)) return this.#refuse(buffer, end, 'content-length');
    const total = start + Number(length);
    if (total > maxMessage) return this.#refuse(buffer, end, 'too-large');
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

  #lineEnds(buffer: Buffer): boolean {
    if (buffer[0] === 0x0a || (buffer.length > 1 && buffer[1] !== 0x0a)) return this.#skip(1);
    if (buffer.length >= 4 && buffer[2] === 0x0d && buffer[3] === 0x0a) {
      this.#events.onPing();
      return this.#skip(4);
    }
    // One line end may be the first half of a keep-alive, or stand before a message.
    if (buffer.length > 2 && buffer[2] !== 0x0d) return this.#skip(2);
    if (buffer.length > 3) return this.#skip(3);
    this.#wanted = buffer.length + 1;
    return false;
  }

  #refuse(buffer: Buffer, end: number, fault: 'too-large' | 'content-length'): boolean {
    this.#events.onMessage({
      bytes: buffer.subarray(0, end + 4),
      headLength: end,
      body: buffer.subarray(end + 4, end + 4),
      fault,
    });
    this.#lose();
    return false;
  }

  #skip(bytes: number): boolean {
    this.#keep(this.#joined(), bytes);
    return true;
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

  #lose(): void {
    this.#lost = true;
    this.#chunks = [];
    this.#length = 0;
    this.#events.onLost();
  }
}
