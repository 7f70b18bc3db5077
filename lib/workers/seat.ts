/**
 * A seat of a service, and the process that sits on it: started, watched, and started anew when it has died. The seat has a name, the
 * node's, and whoever sits on it takes up what the one before has left.
 *
 *   empty ──begin──► starting ──serves──► serving
 *                     ▲    │ ends              │ ends, or is killed for giving no sign
 *                     │    ▼                   │
 *                     └─ resting ◄─────────────┘
 *
 *   any of them ──stop──► stopping ──the process has ended──► left
 */
import type { Worker } from 'node:cluster';
import { textOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { assertState } from '../base/state.ts';
import type { Serving } from '../app/serving.ts';
import type { Registration } from '../sip/read/registration.ts';
import type { Assignment } from './assignment.ts';
import { Line, type Answers } from './line.ts';
import type { OfService, OfWorker } from './questions.ts';

const log = logger('workers');

/** A rest before the next start, ms: the first, and the longest. Each is twice the one before. */
const FIRST_REST = 250;
const LONGEST_REST = 30_000;
/** Who has served for so long, ms, has not failed to start. */
const SETTLED = 60_000;
/** Milliseconds between two looks whether it works, and looks in a row without a sign that it does: then it is killed. */
const LOOK = 3_000;
const LOOKS = 5;

type State = 'empty' | 'starting' | 'serving' | 'resting' | 'stopping' | 'left';

export interface SeatContext {
  readonly assignment: Omit<Assignment, 'anew'>;
  readonly fork: () => Worker;
  readonly answers: Omit<Answers<OfService>, 'here' | 'registered'>;
  /** This worker has taken these REGISTERs. */
  readonly registered: (from: Seat, registrations: readonly Registration[]) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export class Seat {
  readonly #context: SeatContext;
  #state: State = 'empty';
  #worker: Worker | undefined;
  #line: Line<OfService, OfWorker> | undefined;
  /** What is sent before it listens is lost. */
  #listens = false;
  /** Looks in a row without a sign. */
  #missed = 0;
  #rests = 0;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #left: ((exit: Exit) => void) | undefined;

  constructor(context: SeatContext) {
    this.#context = context;
  }

  get name(): string {
    return this.#context.assignment.node;
  }

  get serves(): boolean {
    return this.#state === 'serving';
  }

  /** How often it was started anew. */
  get restarts(): number {
    return this.#restarts;
  }

  /** To be asked; undefined when no answer is to be expected. */
  get line(): Line<OfService, OfWorker> | undefined {
    return this.#listens && this.#missed === 0 ? this.#line : undefined;
  }

  /** What is wrong with it; '' while it serves. */
  get detail(): string {
    if (this.serves) return '';
    return this.#state === 'resting'
      ? `${this.name} has ended and is started again`
      : `${this.name} is ${this.#state}`;
  }

  /**
   * Starts the first process. One that fails to is not started again: something in the configuration is wrong.
   * @throws Error with the sentence that the process gave
   */
  async begin(): Promise<Serving> {
    assertState('seat', 'begin', this.#state, ['empty']);
    const { worker, started } = this.#start();
    const ended = new Promise<never>((_, reject) => {
      worker.once('exit', (code, signal) =>
        reject(new Error(`the process ${this.name} ended (${endOf({ code, signal })})`)),
      );
    });
    ended.catch(() => undefined);
    const serving = await Promise.race([started, ended]);
    this.#serves();
    return serving;
  }

  /** Resolves when its process has ended. */
  stop(): Promise<Exit> {
    assertState('seat', 'stop', this.#state, ['empty', 'starting', 'serving', 'resting']);
    clearTimeout(this.#timer);
    const nobody = this.#worker === undefined;
    this.#state = nobody ? 'left' : 'stopping';
    if (nobody) return Promise.resolve({ code: 0, signal: null });
    void this.#line?.ask('stop', undefined).catch(() => undefined);
    return new Promise((resolve) => (this.#left = resolve));
  }

  /** At once. */
  kill(): void {
    this.#worker?.process.kill('SIGKILL');
  }

  #start(): { readonly worker: Worker; readonly started: Promise<Serving> } {
    const { fork, answers, assignment, registered } = this.#context;
    this.#state = 'starting';
    const worker = fork();
    let here: () => void = () => undefined;
    const listens = new Promise<void>((resolve) => (here = resolve));
    const line = new Line<OfService, OfWorker>((message) => worker.send(message), {
      ...answers,
      registered: (registrations) => {
        registered(this, registrations);
        return undefined;
      },
      here: () => {
        this.#listens = true;
        here();
        return undefined;
      },
    });
    this.#worker = worker;
    this.#line = line;
    this.#listens = false;
    this.#missed = 0;
    this.#since = performance.now();
    const anew = this.#restarts > 0;
    worker.on('message', (message) => line.receive(message));
    // What can't be sent to a process that is gone is no more than that.
    worker.on('error', (error) => log.debug(`${this.name}: ${textOf(error)}`));
    worker.once('exit', (code, signal) => {
      line.close();
      this.#ended({ code, signal });
    });
    return { worker, started: listens.then(() => line.ask('start', { ...assignment, anew })) };
  }

  #startAnew(): void {
    this.#restarts++;
    const { started } = this.#start();
    started.then(
      () => this.#serves(),
      (error: unknown) => {
        if (this.#state !== 'starting') return;
        log.error(`the process ${this.name} can't start: ${textOf(error)}`);
        this.kill();
      },
    );
  }

  #serves(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'serving';
    if (this.#restarts > 0) log.warn(`the process ${this.name} serves again`);
    this.#watch(this.#worker);
  }

  /** Who is alive and does nothing keeps getting its share of the requests, and nobody answers them. */
  #watch(worker: Worker | undefined): void {
    const looked = (missed: number) => {
      if (this.#worker !== worker || !this.serves) return;
      this.#missed = missed;
      if (missed < LOOKS) this.#watch(worker);
      else {
        log.error(`the process ${this.name} has given no sign for ${(LOOKS * LOOK) / 1000} s and is killed`);
        this.kill();
      }
    };
    const look = () => {
      this.#line?.ask('ping', undefined, LOOK).then(
        () => looked(0),
        () => looked(this.#missed + 1),
      );
    };
    // Who gave no sign is asked again at once: to wait for that took as long.
    this.#timer = setTimeout(look, this.#missed === 0 ? LOOK : 0).unref();
  }

  #ended(exit: Exit): void {
    const before = this.#state;
    clearTimeout(this.#timer);
    this.#worker = undefined;
    this.#line = undefined;
    if (before === 'stopping') {
      this.#state = 'left';
      this.#left?.(exit);
      return;
    }
    // The first start has failed: whoever waits for it says so.
    if (before === 'starting' && this.#restarts === 0) {
      this.#state = 'empty';
      return;
    }
    this.#state = 'resting';
    if (performance.now() - this.#since > SETTLED) this.#rests = 0;
    const rest = Math.min(FIRST_REST * 2 ** this.#rests++, LONGEST_REST);
    log.error(`the process ${this.name} ended (${endOf(exit)}) and is started again in ${rest} ms`);
    this.#timer = setTimeout(() => this.#startAnew(), rest);
  }
}

function endOf({ code, signal }: Exit): string {
  return signal ?? `code ${code ?? '?'}`;
}
