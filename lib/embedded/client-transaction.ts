/**
 * Our own requests (RFC 3261 17.1.2), with the intervals that drachtio-server shows: 1 s, 2 s, then every 4 s.
 *
 *   trying ──1xx──► proceeding: repeats every T2
 *      │                │
 *      ├────────────────┴──final──► gone
 *      ├──F: 32 s──► internal 408
 *      └──no connection comes about──► internal 503
 *
 * A connection that breaks later makes no difference: the answer may come another way, until F.
 */
import { Expiring } from '../base/expiring.ts';
import type { Flow } from './network/flow.ts';
import { readCSeq, valueOf, type Response } from './text/message.ts';
import type { Timers } from './network/timers.ts';

export interface ClientTransaction {
  readonly branch: string;
  readonly method: string;
  readonly request: Buffer;
  readonly flow: Flow;
  /** An answer from the network. */
  onResponse(response: Response, size: number, flow: Flow): void;
  /** The request failed here: 408, 410 or 503. */
  onFailure(status: number): void;
}

interface Running {
  readonly transaction: ClientTransaction;
  timer: NodeJS.Timeout | undefined;
  wait: number;
  forget: () => void;
}

export class ClientTransactions {
  readonly #timers: Timers;
  readonly #running: Expiring<Running>;

  constructor(timers: Timers) {
    this.#timers = timers;
    this.#running = new Expiring({
      life: timers.F,
      onExpiry: (_, running) => {
        this.#stop(running);
        running.transaction.onFailure(408);
      },
    });
  }

  get size(): number {
    return this.#running.size;
  }

  start(transaction: ClientTransaction): void {
    const { branch, flow, request } = transaction;
    const running: Running = {
      transaction,
      timer: undefined,
      wait: 2 * this.#timers.T1,
      forget: () => undefined,
    };
    this.#running.set(branch, running);
    flow.send(request);
    if (flow.protocol === 'udp') this.#retransmit(running);
    else running.forget = flow.onFailure(() => this.fail(branch, 503));
  }

  /** Late and repeated answers find nothing and are dropped. */
  receive(branch: string, response: Response, size: number, flow: Flow): void {
    const running = this.#running.get(branch);
    // RFC 3261 17.1.3: the branch and the method tell whose answer it is.
    if (!running || readCSeq(valueOf(response, 'cseq'))?.method !== running.transaction.method) return;
    if (response.status >= 200) {
      this.#running.delete(branch);
      this.#stop(running);
    } else running.wait = this.#timers.T2;
    // 100 says nothing, and is told to nobody.
    if (response.status !== 100) running.transaction.onResponse(response, size, flow);
  }

  /** Ends a transaction with a status of our own. */
  fail(branch: string, status: number): void {
    const running = this.#running.delete(branch);
    if (!running) return;
    this.#stop(running);
    running.transaction.onFailure(status);
  }

  clear(): void {
    for (const running of this.#running.values()) this.#stop(running);
    this.#running.clear();
  }

  #retransmit(running: Running): void {
    running.timer = setTimeout(() => {
      running.transaction.flow.send(running.transaction.request);
      running.wait = Math.min(running.wait * 2, this.#timers.T2);
      this.#retransmit(running);
    }, running.wait).unref();
  }

  #stop(running: Running): void {
    clearTimeout(running.timer);
    running.forget();
  }
}
