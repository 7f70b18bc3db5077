/** What lies between a raw peer and a phone: requests are repeated until they are answered, and repeats are known for such. */
import { Sip } from './message.ts';
import type { TcpPeer, UdpPeer } from './peer.ts';

/** Answers kept for repeats of what they answer: far more than come in 32 s. */
const REMEMBERED = 10_000;

export interface TransactionOptions {
  /** ms between repeats of a request over UDP; without, they grow like those of a client transaction. */
  readonly again?: number | undefined;
  /** Hears of every message once, in the order of the wire: repeats are left out. */
  readonly watch?: ((direction: 'sent' | 'received', message: Sip) => void) | undefined;
  /** Takes a request that is no repeat. */
  readonly take: (request: Sip) => void;
}

export class Transactions {
  readonly #peer: UdpPeer | TcpPeer;
  readonly #options: TransactionOptions;
  readonly #asked = new Map<string, (answer: Sip) => void>();
  readonly #answered = new Map<string, Buffer | undefined>();

  constructor(peer: UdpPeer | TcpPeer, options: TransactionOptions) {
    this.#peer = peer;
    this.#options = options;
    peer.onMessage = (message) => this.#receive(message);
  }

  /** Resolves with the final answer; rejects when there is none after so many ms. */
  request(bytes: Buffer, patience: number): Promise<Sip> {
    const sent = new Sip(bytes);
    const { watch, again } = this.#options;
    watch?.('sent', sent);
    return new Promise((resolve, reject) => {
      let delay = again ?? 500;
      let timer: NodeJS.Timeout | undefined;
      const finish = () => {
        clearTimeout(timer);
        clearTimeout(limit);
        this.#asked.delete(sent.transaction);
      };
      const limit = setTimeout(() => {
        finish();
        reject(new Error(`no final answer to ${sent.start} within ${patience} ms`));
      }, patience);
      const send = () => {
        this.#peer.send(bytes);
        if (this.#peer.transport !== 'UDP') return;
        timer = setTimeout(send, delay);
        delay = again ?? Math.min(delay * 2, 4000);
      };
      this.#asked.set(sent.transaction, (answer) => {
        if (answer.status < 200) return;
        finish();
        watch?.('received', answer);
        resolve(answer);
      });
      send();
    });
  }

  /** Each repeat of the request gets the same. */
  answer(request: Sip, answer: Buffer, times = 1): void {
    this.#remember(request.transaction, answer);
    for (let left = times; left > 0; left--) this.#peer.send(answer, request.source);
    this.#options.watch?.('sent', new Sip(answer));
  }

  #receive(seen: Sip): void {
    const { transaction } = seen;
    if (seen.status > 0) {
      this.#asked.get(transaction)?.(seen);
      return;
    }
    if (this.#answered.has(transaction)) {
      const answer = this.#answered.get(transaction);
      if (answer) this.#peer.send(answer, seen.source);
      return;
    }
    this.#remember(transaction, undefined);
    this.#options.watch?.('received', seen);
    this.#options.take(seen);
  }

  #remember(transaction: string, answer: Buffer | undefined): void {
    this.#answered.set(transaction, answer);
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > REMEMBERED && oldest !== undefined) this.#answered.delete(oldest);
  }
}
