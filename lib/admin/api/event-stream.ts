/**
 * What happens, told to a browser or a program that listens (server-sent events). Each has a buffer with a bound: who reads too slowly is told
 * how much was left out, and slows nobody down.
 *
 *   open ──its reader goes, or the server ends──► closed
 */
const MOST_BUFFERED: Bound = { events: 500, characters: 65_536 };
/** A line that says nothing, so that a proxy between does not take silence for the end, ms. */
const PING = 15_000;

const encoder = new TextEncoder();

/** What is kept for a reader: as much again is on its way to him at most, twice. */
interface Bound {
  readonly events: number;
  readonly characters: number;
}

export interface Told {
  readonly event: string;
  readonly data: object;
}

export class EventStream {
  readonly #onClose: () => void;
  readonly #most: Bound;
  readonly #ping: NodeJS.Timeout;
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #buffer: string[] = [];
  /** Characters in it. */
  #size = 0;
  #dropped = 0;

  constructor(onClose: () => void, most = MOST_BUFFERED) {
    this.#onClose = onClose;
    this.#most = most;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => (this.#controller = controller),
      pull: () => this.#flush(),
      cancel: () => this.close(),
    });
    this.#ping = setInterval(() => this.#push(': still here\n\n'), PING);
    this.#ping.unref();
    // The head of the answer leaves with the first byte.
    this.#push('retry: 5000\n\n');
  }

  tell({ event, data }: Told): void {
    this.#push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  close(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#controller = undefined;
    clearInterval(this.#ping);
    this.#onClose();
    try {
      controller.close();
    } catch {
      // Its reader has gone.
    }
  }

  #push(text: string): void {
    if (this.#controller === undefined) return;
    if (this.#buffer.length >= this.#most.events || this.#size + text.length > this.#most.characters) {
      this.#dropped++;
      return;
    }
    this.#buffer.push(text);
    this.#size += text.length;
    this.#flush();
  }

  #flush(): void {
    const controller = this.#controller;
    if (controller === undefined || (controller.desiredSize ?? 0) <= 0 || this.#buffer.length === 0) return;
    const missed = this.#dropped > 0 ? `event: dropped\ndata: {"count":${this.#dropped}}\n\n` : '';
    const text = this.#buffer.join('') + missed;
    // Before it is handed on: whoever waits for it asks for more at once.
    this.#buffer = [];
    this.#size = 0;
    this.#dropped = 0;
    controller.enqueue(encoder.encode(text));
  }
}
