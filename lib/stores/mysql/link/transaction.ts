/**
 * One transaction on one connection. What is asked for at once, before anything of it is awaited, goes to the server as one
 * packet, `begin` with the first. Each round trip that is spared is 0.1 ms of waiting, of which one message had eight, and 50 us
 * of our own processor time (MariaDB 10.11 on loopback). Not in a cluster: there the commit of another node may end a transaction
 * between two statements of a packet, and then both nodes say that they have stored what only one has (Galera, in one run of four).
 *
 * COMMIT goes alone, when all else was answered: a server that hangs and wakes up again must not do what we have given up, and
 * have told somebody so.
 */
import type { Connection, Parameter } from './connection.ts';
import type { Row } from '../../shared/values.ts';

/** Queries on one connection (inside a transaction) or on any (outside). */
export interface Queries {
  /** Rows of a select. */
  all(sql: string, values?: readonly Parameter[]): Promise<Row[]>;
  /** Changed rows of anything else. */
  run(sql: string, values?: readonly Parameter[], repeat?: Repeat): Promise<number>;
}

/** Queries of one transaction. */
export interface InTransaction extends Queries {
  /** `insert … returning` is understood: MariaDB, and not MySQL. */
  readonly returnsInserted: boolean;
}

/**
 * `repeatable`: doing it twice does no harm, so it is repeated when the connection is lost at a moment that leaves open
 * whether it was done. Otherwise it then fails with `SILO_STORE_UNAVAILABLE`.
 */
export type Repeat = 'repeatable' | undefined;

interface Asked {
  readonly sql: string;
  readonly values: readonly Parameter[];
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends statements, divided by semicolons; the answer is one, or a list where there are several. */
export type Send = (sql: string, values: readonly Parameter[]) => Promise<unknown>;

export class Transaction implements InTransaction {
  readonly returnsInserted: boolean;
  readonly #send: Send;
  #begun = false;
  #asked: Asked[] = [];
  /** Never rejects: who has asked hears it. */
  #flight: Promise<void> = Promise.resolve();

  readonly #together: boolean;

  /** @param server whether several statements may share a packet, and what it understands */
  constructor(send: Send, server: Pick<Connection, 'takesSeveral' | 'returnsInserted'>) {
    this.#send = send;
    this.#together = server.takesSeveral;
    this.returnsInserted = server.returnsInserted;
  }

  /** When nothing is under way any more: has the server something to take back? */
  async begun(): Promise<boolean> {
    await this.#flight;
    return this.#begun;
  }

  async all(sql: string, values: readonly Parameter[] = []): Promise<Row[]> {
    return (await this.#ask(sql, values)) as Row[];
  }

  async run(sql: string, values: readonly Parameter[] = []): Promise<number> {
    return ((await this.#ask(sql, values)) as { affectedRows: number }).affectedRows;
  }

  #ask(sql: string, values: readonly Parameter[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ sql, values, resolve, reject });
      if (this.#asked.length === 1) this.#flight = this.#flight.then(() => this.#flush());
    });
  }

  /** The server stops at the first that fails; which of them it was it does not say. */
  async #flush(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const answers = await this.#answers(asked);
      for (const [index, { resolve }] of asked.entries()) resolve(answers[index]);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #answers(asked: readonly Asked[]): Promise<readonly unknown[]> {
    const statements = this.#begun ? asked : [{ sql: 'begin', values: [] }, ...asked];
    this.#begun = true;
    const answers: unknown[] = [];
    if (this.#together && statements.length > 1)
      answers.push(
        ...((await this.#send(
          statements.map(({ sql }) => sql).join(';\n'),
          statements.flatMap(({ values }) => values),
        )) as unknown[]),
      );
    else for (const { sql, values } of statements) answers.push(await this.#send(sql, values));
    return answers.slice(-asked.length);
  }
}
