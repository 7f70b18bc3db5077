/**
 * One connection. Every query has a time limit; when it is over the socket is destroyed, since mysql2 would wait
 * for an answer for ever and the state of the session is unknown. Whatever breaks, nothing is emitted unhandled.
 */
import { connect, type Socket } from 'node:net';
import mysql from 'mysql2';
import type { Connection as Mysql2Connection } from 'mysql2';
import { Lost, TimeLimit, Unfit } from './errors.ts';
import { explained } from './tls-errors.ts';
import { secureWith, type Secure } from './tls.ts';
import type { Account, Address } from './url.ts';

export type Parameter = string | number | Buffer | null | readonly Parameter[];

/** A query that takes this many ms is reason to look whether the host still answers at all. */
const SLOW = 1000;

export class Connection {
  /** Statements of a transaction may share a packet. */
  takesSeveral = false;
  /** MariaDB: an insert can say what it has inserted. */
  returnsInserted = false;
  /** When it was last given back, ms of the steady clock. */
  idleSince = 0;
  readonly #socket: Socket;
  readonly #connection: Mysql2Connection;
  readonly #secure: Secure | undefined;
  readonly #isSecured: () => boolean;
  readonly #onGone: (connection: Connection) => void;
  #gone: Error | undefined;
  /** Fails the query under way. */
  #fail: ((error: Error) => void) | undefined;

  /**
   * @param secure in the clear where there is none
   * @param onGone called once, when the connection can't be used any more
   */
  constructor(
    { host, port }: Address,
    { user, password, database }: Account,
    secure: Secure | undefined,
    onGone: (connection: Connection) => void,
  ) {
    this.#onGone = onGone;
    this.#secure = secure;
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 });
    this.#connection = mysql.createConnection({
      // Our own socket: what we destroy is gone, even if the other side says nothing.
      stream: () => this.#socket,
      user,
      password,
      database,
      charset: 'utf8mb4_bin',
      // Count changed rows, not matched ones: a repeated key must count as nothing.
      flags: ['-FOUND_ROWS'],
      // Only what stands in the code is ever a statement: values are escaped, in a session whose sql_mode and charset are ours.
      multipleStatements: true,
      supportBigNumbers: true,
      // That it is there makes mysql2 ask for TLS, and go no further without.
      ...(secure ? { ssl: { rejectUnauthorized: secure.verify, verifyIdentity: secure.verify } } : {}),
    });
    this.#isSecured = secure
      ? secureWith(this.#connection, secure, host, (error) => this.destroy(error))
      : () => false;
    // The only listener that is always there: without it a broken connection would end the process.
    this.#connection.on('error', (error: Error) => this.destroy(error));
    this.#socket.on('close', () => this.destroy(new Lost('The server closed the connection.')));
    this.#connection.on('end', () => this.destroy(new Lost('The server closed the connection.')));
  }

  get usable(): boolean {
    return this.#gone === undefined;
  }

  /** Resolves when the server has let us in. */
  async connect(limit: number): Promise<void> {
    try {
      await this.#limited(limit, undefined, 'connect', (done) => {
        this.#connection.connect((error) => done(error, undefined));
      });
    } catch (error) {
      throw explained(error, this.#secure);
    }
    if (this.#secure && !this.#isSecured()) throw new Unfit('TLS: the connection is not encrypted');
  }

  /** @param onSlow called when there is no answer after a second */
  query(sql: string, values: readonly Parameter[], limit: number, onSlow?: () => void): Promise<unknown> {
    return this.#limited(limit, onSlow, sql, (done) => {
      this.#connection.query({ sql, values: values as Parameter[] }, (error, result) => done(error, result));
    });
  }

  /** Says good-bye; a server that does not react is left all the same. */
  end(): void {
    if (this.#gone !== undefined) return;
    this.#gone = new Lost('the connection was closed');
    this.#connection.end(() => undefined);
    setTimeout(() => this.#socket.destroy(), 1000).unref();
    this.#onGone(this);
  }

  destroy(reason: Error): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    this.#fail?.(reason);
    this.#connection.destroy();
    this.#socket.destroy();
    this.#onGone(this);
  }

  #limited<T>(
    limit: number,
    onSlow: (() => void) | undefined,
    what: string,
    start: (done: (error: Error | null, result: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone);
        return;
      }
      const expire = () =>
        this.destroy(
          new TimeLimit(`no answer within ${Math.round(limit)} ms to: ${what.trim().slice(0, 60)}`),
        );
      let timer =
        onSlow !== undefined && limit > SLOW
          ? setTimeout(() => {
              timer = setTimeout(expire, limit - SLOW);
              onSlow();
            }, SLOW)
          : setTimeout(expire, Math.max(limit, 1));
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#fail = undefined;
        finish();
      };
      this.#fail = (error) => settle(() => reject(error));
      try {
        start((error, result) => settle(() => (error ? reject(error) : resolve(result))));
      } catch (error) {
        // A value that mysql2 can't write: nothing was sent, the connection is as it was.
        settle(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    });
  }
}
