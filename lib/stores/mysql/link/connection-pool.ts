/** The connections to one host: opened when needed, checked when opened, lent to one user at a time. */
import { isCrowded, Lost, Unusable } from './errors.ts';
import { prepare, type Fitness } from './health.ts';
import { Connection } from './connection.ts';
import type { Tls } from './tls.ts';
import type { Account, Address } from './url.ts';

/** A connection must be there and checked within this time, ms. */
const OPEN_LIMIT = 1500;
/** The server ends connections that idle for longer (see wait_timeout); we go first, ms. */
const IDLE_LIMIT = 60_000;

/** All connections are in use and none came back in time: the host is fine, there is too much to do. */
export class Busy extends Unusable {}

export class ConnectionPool {
  readonly name: string;
  readonly #address: Address;
  readonly #account: Account;
  readonly #tls: Tls | undefined;
  readonly #max: number;
  readonly #connections = new Set<Connection>();
  #idle: Connection[] = [];
  /** First come, first served; undefined means: look again; an error: the host has failed. */
  #waiting: ((answer: Connection | Error | undefined) => void)[] = [];
  #looking: Promise<Fitness> | undefined;

  /** @param max connections at most */
  constructor(address: Address, account: Account, tls: Tls | undefined, max: number) {
    this.name = address.name;
    this.#address = address;
    this.#account = account;
    this.#tls = tls;
    this.#max = max;
  }

  /** Connections that are open or being opened. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections that are lent out, and who waits for one. */
  get inUse(): { readonly busy: number; readonly waiting: number } {
    return { busy: this.#connections.size - this.#idle.length, waiting: this.#waiting.length };
  }

  /**
   * @param deadline ms of the steady clock
   * @throws Busy when all are in use until then; otherwise the host has failed
   */
  async borrow(deadline: number): Promise<Connection> {
    for (;;) {
      const idle = this.#takeIdle();
      if (idle) return idle;
      if (this.#connections.size < this.#max) {
        try {
          return (await this.#open()).connection;
        } catch (error) {
          // It has no connection for us beyond those that we hold: we get along with these.
          if (!isCrowded(error) || this.#connections.size === 0) throw error;
        }
      }
      const connection = await this.#wait(deadline);
      if (connection) return connection;
    }
  }

  giveBack(connection: Connection): void {
    if (!connection.usable) return;
    connection.idleSince = performance.now();
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }

  /**
   * Tries the host with a new connection, whatever the others do.
   * @throws when it can't be used now
   */
  look(): Promise<Fitness> {
    this.#looking ??= this.#open()
      .then(({ connection, fitness }) => {
        if (this.#connections.size > this.#max) connection.end();
        else this.giveBack(connection);
        return fitness;
      })
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Ends every connection at once; queries under way fail. */
  cut(reason: string): void {
    const error = new Lost(reason);
    for (const wait of this.#waiting.splice(0)) wait(error);
    for (const connection of [...this.#connections]) connection.destroy(error);
  }

  /** Ends the connections that nobody uses. */
  endIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.end();
  }

  #takeIdle(): Connection | undefined {
    const oldest = performance.now() - IDLE_LIMIT;
    for (;;) {
      // The one used last: what a quiet time needs stays fresh, the others grow old and go.
      const connection = this.#idle.pop();
      if (connection === undefined || (connection.usable && connection.idleSince > oldest)) return connection;
      connection.end();
    }
  }

  async #open(): Promise<{ connection: Connection; fitness: Fitness }> {
    const secure = await this.#tls?.secure();
    const connection = new Connection(this.#address, this.#account, secure, (gone) => this.#forget(gone));
    this.#connections.add(connection);
    const until = performance.now() + OPEN_LIMIT;
    try {
      await connection.connect(OPEN_LIMIT);
      return { connection, fitness: await prepare(connection, Math.max(1, until - performance.now())) };
    } catch (error) {
      connection.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#idle = this.#idle.filter((other) => other !== connection);
    this.#waiting.shift()?.(undefined);
  }

  #wait(deadline: number): Promise<Connection | undefined> {
    return new Promise((resolve, reject) => {
      const settle = (answer: Connection | Error | undefined) => {
        clearTimeout(timer);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const timer = setTimeout(
        () => {
          this.#waiting = this.#waiting.filter((other) => other !== settle);
          reject(new Busy(`all ${this.#connections.size} connections to ${this.name} are in use`));
        },
        Math.max(1, deadline - performance.now()),
      );
      this.#waiting.push(settle);
    });
  }
}
