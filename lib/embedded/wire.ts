/** drachtio's framing, `<byte length>#<payload>`, and the two kinds of payload an app sends. */
import { BLANK_LINE } from './text/message.ts';

/** drachtio-server's receive ring; what does not fit in it is lost. */
const RING = 12_228;
const READ_SIZE = 8_192;

export class FrameReader {
  readonly #onFrame: (frame: Buffer) => void;
  readonly #wedges: () => boolean;
  #buffer: Buffer = Buffer.alloc(0);
  /** Set once, never cleared: nothing of this connection is read any more. */
  #deaf = false;

  /** `wedges` says whether the ring's limit holds at the moment. */
  constructor(onFrame: (frame: Buffer) => void, wedges: () => boolean) {
    this.#onFrame = onFrame;
    this.#wedges = wedges;
  }

  /** False when the stream is no frame: the connection has to be closed. */
  push(chunk: Buffer): boolean {
    if (this.#deaf) return true;
    if (!this.#wedges()) return this.#read(chunk);
    for (let at = 0; at < chunk.length; at += READ_SIZE) {
      const part = chunk.subarray(at, at + READ_SIZE);
      if (this.#buffer.length + part.length > RING) {
        this.#deaf = true;
        this.#buffer = Buffer.alloc(0);
        return true;
      }
      if (!this.#read(part)) return false;
    }
    return true;
  }

  #read(chunk: Buffer): boolean {
    let data = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const hash = data.subarray(0, 6).indexOf('#');
      const digits = data.toString('latin1', 0, hash < 0 ? Math.min(6, data.length) : hash);
      if (!/^\d{0,5}$/.test(digits) || hash === 0) return false;
      if (hash < 0) break;
      const end = hash + 1 + Number(digits);
      if (data.length < end) break;
      const frame = data.subarray(hash + 1, end);
      data = data.subarray(end);
      if (frame.length > 0) this.#onFrame(frame);
    }
    this.#buffer = data;
    return true;
  }
}

export interface AppFrame {
  readonly tokens: readonly string[];
  readonly startLine: string;
  /** Header lines as given, without the blank line. */
  readonly headers: string;
  readonly body: Buffer;
}

const LINE_END = Buffer.from('\r\n');

export function readFrame(frame: Buffer): AppFrame {
  const metaEnd = frame.indexOf(LINE_END);
  const empty = frame.subarray(frame.length);
  if (metaEnd < 0)
    return { tokens: frame.toString('latin1').split('|'), startLine: '', headers: '', body: empty };
  const tokens = frame.toString('latin1', 0, metaEnd).split('|');
  const message = frame.subarray(metaEnd + 2);
  const headEnd = message.indexOf(BLANK_LINE);
  const head = message.toString('latin1', 0, headEnd < 0 ? message.length : headEnd);
  const body = headEnd < 0 ? empty : message.subarray(headEnd + 4);
  const startEnd = head.indexOf('\r\n');
  return {
    tokens,
    startLine: startEnd < 0 ? head : head.slice(0, startEnd),
    headers: startEnd < 0 ? '' : head.slice(startEnd + 2),
    body,
  };
}

/** A frame for an app: the meta line alone, or with a SIP message after it. */
export function writeFrame(meta: string, message?: Buffer): Buffer {
  if (!message) return Buffer.from(`${Buffer.byteLength(meta, 'latin1')}#${meta}`, 'latin1');
  const start = Buffer.from(`${meta}\r\n`, 'latin1');
  const length = start.length + message.length;
  return Buffer.concat([Buffer.from(`${length}#`, 'latin1'), start, message]);
}
