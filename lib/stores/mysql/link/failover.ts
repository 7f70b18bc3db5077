/**
 * Several hosts, one of them in use: the first that is fit, and then that one until it fails.
 *
 *   seeking ──► in use ──► failed: all its connections are cut
 *      ▲  └ none fit: again in a moment, for ever    │
 *      └─────────────────────────────────────────────┘
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import { Histogram, QUICK } from '../../../base/histogram.ts';
import type { StoreLoad } from '../../contract/store.ts';
import { isCrowded, Unusable } from './errors.ts';
import { Busy, type ConnectionPool } from './connection-pool.ts';
import type { Connection } from './connection.ts';

const log = logger('store:mysql');

/** Whoever asks in the first ms of an outage waits for its end; whoever asks later fails at once. */
const PATIENCE = 2000;
/** Pause between two looks at all hosts, ms. */
const PAUSE = 300;

/** No host can be used now; the text says why for each. */
class NoHost extends Unusable {}

export interface Borrowed {
  readonly pool: ConnectionPool;
  readonly connection: Connection;
}

export class Failover {
  readonly #pools: readonly ConnectionPool[];
  /** Told when a host comes into use. */
  readonly #onUse: (pool: ConnectionPool) => void;
  #current: ConnectionPool | undefined;
  #failed: ConnectionPool | undefined;
  #outageSince = -Infinity;
  #why = 'no host was tried yet';
  #waiting = new Set<() => void>();
  #closed = false;
  readonly #waits = new Histogram(QUICK);

  constructor(pools: readonly ConnectionPool[], onUse: (pool: ConnectionPool) => void) {
    this.#pools = pools;
    this.#onUse = onUse;
  }

  get current(): ConnectionPool | undefined {
    return this.#current;
  }

  /** Is there another host to go to? */
  get several(): boolean {
    return this.#pools.length > 1;
  }

  /** Looks at all hosts once. @throws NoHost when none is fit */
  async start(): Promise<void> {
    if (!(await this.#seekOnce())) throw new NoHost(this.#why);
  }

  /**
   * @param deadline ms of the steady clock
   * @throws NoHost, Busy
   */
  async borrow(deadline: number): Promise<Borrowed> {
    const since = performance.now();
    try {
      return await this.#borrow(deadline);
    } finally {
      this.#waits.observe((performance.now() - since) / 1000);
    }
  }

  load(): StoreLoad {
    const pool = this.#current;
    const { busy, waiting } = pool?.inUse ?? { busy: 0, waiting: 0 };
    return { connections: pool?.connections ?? 0, busy, waiting, wait: this.#waits.read() };
  }

  async #borrow(deadline: number): Promise<Borrowed> {
    for (;;) {
      const pool = this.#current;
      if (pool === undefined) {
        await this.#found(deadline);
        continue;
      }
      try {
        return { pool, connection: await pool.borrow(deadline) };
      } catch (error) {
        if (error instanceof Busy) throw error;
        this.failed(pool, error);
      }
    }
  }

  /** A host turned out not to be usable: nothing is left on it, another one is sought. */
  failed(pool: ConnectionPool, error: unknown): void {
    if (this.#current !== pool || this.#closed) return;
    this.#current = undefined;
    this.#failed = pool;
    this.#outageSince = performance.now();
    this.#why = `${pool.name}: ${textOf(error)}`;
    log.warn(`the database host ${this.#why}; ${this.several ? 'looking for another' : 'waiting for it'}`);
    pool.cut(this.#why);
    void this.#seek();
  }

  /** A query takes long: is the host frozen, or gone without a word? */
  async suspect(pool: ConnectionPool): Promise<void> {
    try {
      const fitness = await pool.look();
      if (fitness === 'donor' && this.several)
        this.failed(pool, new Error('its writes stall (Galera donor)'));
    } catch (error) {
      if (!isCrowded(error)) this.failed(pool, error);
    }
  }

  /** Waits a little for what is under way, then nothing is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current = undefined;
    this.#wake();
    for (let i = 0; i < 100 && this.#pools.some((pool) => pool.connections > 0); i++) {
      for (const pool of this.#pools) pool.endIdle();
      await sleep(20);
    }
    for (const pool of this.#pools) pool.cut('the store was closed');
  }

  async #seek(): Promise<void> {
    while (!this.#closed && !(await this.#seekOnce()))
      await sleep(PAUSE * (1 + Math.random()), undefined, { ref: false });
  }

  async #seekOnce(): Promise<boolean> {
    const reasons: string[] = [];
    let donor: ConnectionPool | undefined;
    for (const pool of this.#inOrder()) {
      try {
        if ((await pool.look()) === 'fit') return this.#use(pool);
        donor ??= pool;
        reasons.push(`${pool.name}: it is a Galera donor`);
      } catch (error) {
        reasons.push(`${pool.name}: ${textOf(error)}`);
      }
    }
    if (donor) return this.#use(donor);
    this.#why = reasons.join('; ');
    return false;
  }

  /** As they were named, but the one that just failed comes last. */
  #inOrder(): readonly ConnectionPool[] {
    return [...this.#pools].sort((a, b) => Number(a === this.#failed) - Number(b === this.#failed));
  }

  #use(pool: ConnectionPool): boolean {
    if (this.#closed) {
      pool.cut('the store was closed');
      return true;
    }
    if (this.#failed !== undefined)
      log.warn(
        `the database host ${pool.name} is in use, after ${Math.round(performance.now() - this.#outageSince)} ms without one`,
      );
    this.#current = pool;
    this.#wake();
    this.#onUse(pool);
    return true;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Waits while the outage is young. */
  async #found(deadline: number): Promise<void> {
    if (this.#closed) throw new NoHost('the store was closed');
    const left = Math.min(deadline, this.#outageSince + PATIENCE) - performance.now();
    if (left <= 0) throw new NoHost(this.#why);
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, left);
      this.#waiting.add(wake);
    });
  }
}
