/**
 * The thread as its caller sees it: methods that are called in one turn of the event loop go over together.
 *
 *   starting ──ready──► open ──close()──► closing ──ended──► closed
 *       └── failed: not opened └─────────────┴──ended otherwise──► dead: so is the process
 */
import { Worker } from 'node:worker_threads';
import { SiloError, textOf } from '../../../base/errors.ts';
import { Histogram, QUICK } from '../../../base/histogram.ts';
import type { StoreLoad } from '../../contract/store.ts';
import { unavailable } from '../../shared/errors.ts';
import { unpackError, type Answer, type Call, type Report, type Request } from './protocol.ts';

export interface ThreadOptions {
  /** The store, for error sentences. */
  readonly name: string;
  /** Clock in epoch seconds: the thread has none. */
  readonly now: () => number;
  readonly workerData: unknown;
}

interface Pending {
  readonly since: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Thread {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #now: () => number;
  readonly #pending = new Map<number, Pending>();
  #outbox: Call[] = [];
  #calls = 0;
  #state: 'open' | 'closing' | 'closed' | 'dead' = 'open';
  #closed: Promise<void> | undefined;
  #failure: Error | undefined;
  readonly #waits = new Histogram(QUICK);

  private constructor(worker: Worker, { name, now }: ThreadOptions) {
    this.#worker = worker;
    this.#name = name;
    this.#now = now;
    worker.on('message', (report: Report) => this.#read(report));
    worker.on('error', (error: unknown) => this.#died(textOf(error), error));
    worker.on('messageerror', (error: unknown) => this.#died(textOf(error), error));
    worker.on('exit', (code) => this.#ended(code));
    // An idle store keeps no process alive.
    worker.unref();
  }

  /** Rejects with what the thread says when it can't begin. */
  static start(file: URL, options: ThreadOptions): Promise<Thread> {
    return new Promise((resolve, reject) => {
      // Without the flags of the process: some are not for threads (--input-type), others not for this one.
      const worker = new Worker(file, { workerData: options.workerData, name: options.name, execArgv: [] });
      const ended = (code: number) =>
        reject(new Error(`the thread of ${options.name} ended with code ${code}`));
      worker.once('error', reject);
      worker.once('exit', ended);
      worker.once('message', (report: Report) => {
        worker.off('error', reject);
        if (typeof report === 'object' && 'failed' in report) {
          reject(unpackError(report.failed));
          return;
        }
        worker.off('exit', ended);
        resolve(new Thread(worker, options));
      });
    });
  }

  call(method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#state !== 'open')
      return Promise.reject(unavailable(this.#name, new Error('the store was closed')));
    return new Promise((resolve, reject) => {
      const id = ++this.#calls;
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, { since: performance.now(), resolve, reject });
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push({ id, method, at: this.#now(), args });
    });
  }

  load(): StoreLoad {
    const { size } = this.#pending;
    const busy = Math.min(size, 1);
    return { connections: 1, busy, waiting: size - busy, wait: this.#waits.read() };
  }

  /** What was called before is done; later calls are refused. */
  close(): Promise<void> {
    if (this.#state === 'dead') return Promise.resolve();
    this.#closed ??= new Promise((resolve, reject) => {
      this.#worker.ref();
      this.#flush();
      this.#state = 'closing';
      this.#worker.once('exit', () => (this.#failure ? reject(this.#failure) : resolve()));
      this.#post('close');
    });
    return this.#closed;
  }

  #post(request: Request): void {
    this.#worker.postMessage(request);
  }

  #flush(): void {
    const calls = this.#outbox;
    if (calls.length === 0) return;
    this.#outbox = [];
    try {
      this.#post(calls);
    } catch (error) {
      // Something in one of them can't be sent: a function, say.
      const [first] = calls;
      if (calls.length === 1 && first) this.#settle(first.id, ({ reject }) => reject(error));
      else
        for (const call of calls) {
          this.#outbox = [call];
          this.#flush();
        }
    }
  }

  #read(report: Report): void {
    if (typeof report === 'string') return;
    if ('failed' in report) this.#failure = unpackError(report.failed);
    else
      for (const answer of report)
        this.#settle(answer.id, (pending) => {
          if ('thrown' in answer) pending.reject(unpackError(answer.thrown));
          else pending.resolve(answer.value);
        });
  }

  #settle(id: Answer['id'], how: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.#waits.observe((performance.now() - pending.since) / 1000);
    if (this.#pending.size === 0 && this.#state === 'open') this.#worker.unref();
    how(pending);
  }

  #ended(code: number): void {
    if (this.#state === 'closing') this.#state = 'closed';
    else this.#died(`exit code ${code}`);
  }

  /** Nothing can be stored any more, and what was under way is lost from sight: better no application than half of one. */
  #died(why: string, cause?: unknown): void {
    if (this.#state === 'dead' || this.#state === 'closed') return;
    this.#state = 'dead';
    const error = new SiloError(
      'SILO_STORE_UNAVAILABLE',
      `The thread that has the store ${this.#name} has ended (${why}), so nothing can be stored or delivered any more and the process ends, too. ` +
        'Everything that was acknowledged is in the file: start the application again.',
      { status: 503, cause },
    );
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    throw error;
  }
}
