/**
 * May anything be sent from a box? Not while the database is in quarantine: an old backup that was restored holds messages that were
 * delivered after it was made. That stands in the database, so it holds for all of its nodes; each looks every two seconds.
 *
 *   unknown ──look──► free ◄──look──► held
 *
 * Nothing is sent while it is `unknown`, either.
 */
import { logger } from '../../base/log.ts';
import { createTicker } from '../../base/ticker.ts';
import type { QuarantineStore } from '../../stores/contract/nodes.ts';

const log = logger('silo');

/** Seconds between two looks. */
const LOOK_TIME = 2;

export interface QuarantineContext {
  readonly store: Pick<QuarantineStore, 'quarantine' | 'beginQuarantine'>;
  /** Begin one at the start. */
  readonly begin: boolean;
  readonly now: () => number;
}

export class Quarantine {
  readonly #context: QuarantineContext;
  readonly #ticker = createTicker(log);
  #state: 'unknown' | 'free' | 'held' = 'unknown';
  #since = 0;
  #looking: Promise<void> | undefined;
  #onEnd: () => void = () => undefined;

  constructor(context: QuarantineContext) {
    this.#context = context;
  }

  /** Must nothing be sent now, as far as that is known? */
  get held(): boolean {
    return this.#state === 'held';
  }

  /** What an operator should know; '' when there is nothing. */
  get sentence(): string {
    if (this.#state !== 'held') return '';
    const since = new Date(this.#since * 1000).toISOString().replace('.000', '');
    return `In quarantine since ${since}: messages are stored, and none leaves a box on any node, until "drachtio-silo quarantine end".`;
  }

  /** Must nothing be sent? Asks the database where that is not known yet. */
  async holds(): Promise<boolean> {
    if (this.#state === 'unknown') await this.look();
    return this.held;
  }

  /** Hears of its end: whatever waits may be sent. */
  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  async start(): Promise<void> {
    const { store, begin, now } = this.#context;
    if (begin) await store.beginQuarantine(now());
    await this.look();
    this.#ticker.every(LOOK_TIME, () => this.look());
  }

  /** One look at a time. */
  look(): Promise<void> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
  }

  close(): Promise<void> {
    return this.#ticker.close();
  }

  async #look(): Promise<void> {
    const before = this.#state;
    this.#since = await this.#context.store.quarantine();
    this.#state = this.#since > 0 ? 'held' : 'free';
    if (this.#state === before) return;
    if (this.#state === 'held') log.warn(this.sentence);
    if (before !== 'held') return;
    log.warn('The quarantine is over: what waits is sent.');
    this.#onEnd();
  }
}
