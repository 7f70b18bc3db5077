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
import { isCrowded } from './errors.ts';
import { Busy, type ConnectionPool } from './connection-pool.ts';
import type { Connection } from './connection.ts';

const log = logger('store:mysql');

/** Whoever asks in the first ms of an outage waits for its end; whoever asks later fails at once. */
const PATIENCE = 2000;
/** Pause between two looks at all hosts, ms. */
const PAUSE = 300;

/** No host can be used now; the text says why for each. */
class NoHost extends Error {}

export interface Borrowed {
  readonly host: ConnectionPool;
  readonly link: Connection;
}

export class Failover {
  readonly #hosts: readonly ConnectionPool[];
  /** Told when a host comes into use. */
  readonly #onUse: (host: ConnectionPool) => void;
  #current: ConnectionPool | undefined;
  #failed: ConnectionPool | undefined;
  #outageSince = -Infinity;
  #why = 'no host was tried yet';
  #waiting = new Set<() => void>();
  #closed = false;

  constructor(hosts: readonly ConnectionPool[], onUse: (host: ConnectionPool) => void) {
    this.#hosts = hosts;
    this.#onUse = onUse;
  }

  get current(): ConnectionPool | undefined {
    return this.#current;
  }

  /** Is there another host to go to? */
  get several(): boolean {
    return this.#hosts.length > 1;
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
    for (;;) {
      const host = this.#current;
      if (host === undefined) {
        await this.#found(deadline);
        continue;
      }
      try {
        return { host, link: await host.borrow(deadline) };
      } catch (error) {
        if (error instanceof Busy) throw error;
        this.failed(host, error);
      }
    }
  }

  /** A host turned out not to be usable: nothing is left on it, another one is sought. */
  failed(host: ConnectionPool, error: unknown): void {
    if (this.#current !== host || this.#closed) return;
    this.#current = undefined;
    this.#failed = host;
    this.#outageSince = performance.now();
    this.#why = `${host.name}: ${textOf(error)}`;
    log.warn(`the database host ${this.#why}; ${this.several ? 'looking for another' : 'waiting for it'}`);
    host.cut(this.#why);
    void this.#seek();
  }

  /** A query takes long: is the host frozen, or gone without a word? */
  async suspect(host: ConnectionPool): Promise<void> {
    try {
      const fitness = await host.look();
      if (fitness === 'donor' && this.several)
        this.failed(host, new Error('its writes stall (Galera donor)'));
    } catch (error) {
      if (!isCrowded(error)) this.failed(host, error);
    }
  }

  /** Waits a little for what is under way, then nothing is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current = undefined;
    this.#wake();
    for (let i = 0; i < 100 && this.#hosts.some((host) => host.connections > 0); i++) {
      for (const host of this.#hosts) host.endIdle();
      await sleep(20);
    }
    for (const host of this.#hosts) host.cut('the store was closed');
  }

  async #seek(): Promise<void> {
    while (!this.#closed && !(await this.#seekOnce()))
      await sleep(PAUSE * (1 + Math.random()), undefined, { ref: false });
  }

  async #seekOnce(): Promise<boolean> {
    const reasons: string[] = [];
    let donor: ConnectionPool | undefined;
    for (const host of this.#inOrder()) {
      try {
        if ((await host.look()) === 'fit') return this.#use(host);
        donor ??= host;
        reasons.push(`${host.name}: it is a Galera donor`);
      } catch (error) {
        reasons.push(`${host.name}: ${textOf(error)}`);
      }
    }
    if (donor) return this.#use(donor);
    this.#why = reasons.join('; ');
    return false;
  }

  /** As they were named, but the one that just failed comes last. */
  #inOrder(): readonly ConnectionPool[] {
    return [...this.#hosts].sort((a, b) => Number(a === this.#failed) - Number(b === this.#failed));
  }

  #use(host: ConnectionPool): boolean {
    if (this.#closed) {
      host.cut('the store was closed');
      return true;
    }
    if (this.#failed !== undefined)
      log.warn(
        `the database host ${host.name} is in use, after ${Math.round(performance.now() - this.#outageSince)} ms without one`,
      );
    this.#current = host;
    this.#wake();
    this.#onUse(host);
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
