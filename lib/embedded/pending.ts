/**
 * Requests between their arrival and the end of their transaction.
 *
 *   arrival ──► pending ──answer──► answered (J: 32 s on UDP, 0 on TCP) ──► gone
 *                  └──64 s──► gone, without a word
 *
 * A repeat of a pending request is swallowed, a repeat of an answered one is answered again (RFC 3261 17.2.2).
 */
import type { App } from './app.ts';
import type { Dialog } from './dialogs.ts';
import { Expiring } from '../base/expiring.ts';
import { ownText } from '../base/own-text.ts';
import type { Flow } from './network/flow.ts';
import type { Header } from './text/message.ts';
import type { Replyable } from './reply.ts';
import type { Timers } from './network/timers.ts';

/** Beyond this many open requests, or bytes of them, new ones get 503: an app that answers nothing must not fill the memory. */
const MAX_PENDING = 200_000;
const MAX_PENDING_BYTES = 128 * 1024 * 1024;
/** Answers are kept for repeats of their requests. A stranger may ask faster than they expire: then the oldest go early. */
const MAX_ANSWERED_BYTES = 32 * 1024 * 1024;
/** What an entry takes beside its own bytes. */
const OVERHEAD = 512;

export interface PendingRequest extends Replyable {
  /** The server's name for the transaction: any app that knows it may answer. */
  readonly transactionId: string;
  /** What a retransmission has in common with it. */
  readonly key: string;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly flow: Flow;
  /** Bytes that it had on the network. */
  readonly size: number;
  /** The app it was given to. */
  readonly app: App;
  /** Set for a request inside a dialog. */
  readonly dialog: Dialog | undefined;
}

interface Answered {
  readonly response: Buffer;
  readonly flow: Flow;
  /** Bytes of what it answers. */
  readonly size: number;
}

export class ServerTransactions {
  readonly #pending: Expiring<PendingRequest>;
  readonly #byKey = new Map<string, string>();
  readonly #answered: Expiring<Answered>;

  constructor(timers: Timers) {
    this.#pending = new Expiring({
      life: timers.pending,
      onExpiry: (_, request) => this.drop(request),
      weigh: ({ size }) => size + OVERHEAD,
    });
    this.#answered = new Expiring({
      life: timers.J,
      weigh: ({ response }) => response.length + OVERHEAD,
      mostWeight: MAX_ANSWERED_BYTES,
    });
  }

  get full(): boolean {
    return this.#pending.size >= MAX_PENDING || this.#pending.weight >= MAX_PENDING_BYTES;
  }

  /** Bytes of the answers that are kept. */
  get keptBytes(): number {
    return this.#answered.weight;
  }

  /**
   * True for a retransmission; an answered one is answered again on the way. One that is shorter than its request is none: whoever
   * repeats a large request by its name alone would have large answers sent to wherever that seemed to come from.
   */
  absorb(key: string, size: number): boolean {
    const answered = this.#answered.get(key);
    if (answered && size >= answered.size) answered.flow.send(answered.response);
    return answered !== undefined || this.#byKey.has(key);
  }

  add(request: PendingRequest): void {
    this.#pending.set(request.transactionId, request);
    this.#byKey.set(request.key, request.transactionId);
  }

  find(transactionId: string): PendingRequest | undefined {
    return this.#pending.get(transactionId);
  }

  /** Sends the one final answer and keeps it for retransmissions. */
  finish(request: PendingRequest, response: Buffer): void {
    this.drop(request);
    this.remember(request, response);
    request.flow.send(response);
  }

  remember({ key, flow, size }: Pick<PendingRequest, 'key' | 'flow' | 'size'>, response: Buffer): void {
    if (flow.protocol === 'udp') this.#answered.set(ownText(key), { response, flow, size });
  }

  drop(request: PendingRequest): void {
    request.dialog?.open.delete(request.transactionId);
    this.#pending.delete(request.transactionId);
    this.#byKey.delete(request.key);
  }

  /** What waits inside a dialog. */
  within(dialog: Dialog): PendingRequest[] {
    return [...dialog.open].flatMap((id) => this.#pending.get(id) ?? []);
  }

  clear(): void {
    this.#pending.clear();
    this.#byKey.clear();
    this.#answered.clear();
  }
}
