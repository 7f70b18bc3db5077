/** One app connection on the admin port. */
import type { Socket } from 'node:net';
import type { Faults } from './network/faults.ts';
import { newUuid } from './ids.ts';
import { FrameReader, readFrame, writeFrame, type AppFrame } from './wire.ts';

/** How long a held echo waits for its answer before it leaves alone. */
const HOLD_TIME = 100;

export class App {
  readonly #socket: Socket;
  readonly #faults: Faults;
  readonly #held = new Map<string, { readonly frame: Buffer; readonly timer: NodeJS.Timeout }>();
  #open = true;
  #corked = false;

  constructor(
    socket: Socket,
    faults: Faults,
    onFrame: (app: App, frame: AppFrame) => void,
    onGone: () => void,
  ) {
    this.#socket = socket;
    this.#faults = faults;
    const reader = new FrameReader(
      (frame) => {
        if (!this.#open) return;
        onFrame(this, readFrame(frame));
        if (this.#faults.dropAfterFrames > 0 && --this.#faults.dropAfterFrames === 0) this.drop();
      },
      () => faults.wedge,
    );
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 45_000);
    socket.on('data', (chunk) => {
      if (!reader.push(chunk)) this.drop();
    });
    socket.on('error', () => this.drop());
    socket.on('end', () => this.#socket.end());
    socket.on('close', () => {
      this.#open = false;
      for (const { timer } of this.#held.values()) clearTimeout(timer);
      this.#held.clear();
      onGone();
    });
  }

  get alive(): boolean {
    return this.#open && this.#socket.writable;
  }

  /** Answers a frame: `OK`, `NOK` (SIP says no) or `NO` (the protocol says no). */
  reply(messageId: string, result: 'OK' | 'NOK' | 'NO', rest = '', message?: Buffer): void {
    const meta = `${newUuid()}|response|${messageId}|${result}${rest === '' ? '' : `|${rest}`}`;
    this.#write(writeFrame(meta, message));
  }

  /** As {@link reply}, for a request just sent: with the fault on it waits to leave together with the answer. */
  echo(messageId: string, transactionId: string, rest: string, message: Buffer): void {
    if (!this.#faults.echoWithResponse) {
      this.reply(messageId, 'OK', rest, message);
      return;
    }
    const frame = writeFrame(`${newUuid()}|response|${messageId}|OK|${rest}`, message);
    const timer = setTimeout(() => this.#release(transactionId), HOLD_TIME).unref();
    this.#held.set(transactionId, { frame, timer });
  }

  /** Hands over a SIP message; `rest` is what follows `<uuid>|sip|`. */
  deliver(transactionId: string, rest: string, message: Buffer): void {
    const held = this.#held.get(transactionId);
    const frame = writeFrame(`${newUuid()}|sip|${rest}`, message);
    if (!held) {
      this.#write(frame);
      return;
    }
    clearTimeout(held.timer);
    this.#held.delete(transactionId);
    this.#write(Buffer.concat([held.frame, frame]));
  }

  /** Closes after what is written has left. */
  end(): void {
    this.#socket.end();
    this.#open = false;
  }

  /** Closes at once. */
  drop(): void {
    this.#open = false;
    this.#socket.destroy();
  }

  #release(transactionId: string): void {
    const held = this.#held.get(transactionId);
    this.#held.delete(transactionId);
    if (held) this.#write(held.frame);
  }

  /** Frames of one turn of the event loop leave in one write. */
  #write(frame: Buffer): void {
    if (!this.alive) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame);
  }
}
