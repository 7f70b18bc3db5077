/**
 * Runs work on a host that can be used: after a deadlock once more, after the loss of the host on another one, all
 * within one time limit. What may have happened unnoticed is repeated only where that does no harm.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf, isOfDatabase, mayBeCommitted, mayBeDone, TimeLimit } from './errors.ts';
import type { Borrowed, Failover } from './failover.ts';
import type { Connection, Parameter } from './connection.ts';
import { refusedValue, unavailable } from '../../shared/errors.ts';
import { Transaction, type InTransaction, type Queries, type Repeat } from './transaction.ts';
import type { Row } from '../../shared/values.ts';

/** @param uncertain an earlier run of the same work may have been committed */
type Work<T> = (tx: InTransaction, uncertain: boolean) => Promise<T>;

export interface Mysql extends Queries {
  readonly name: string;
  /** Runs `work` in one transaction; again from its start after a deadlock, a lock-wait time-out, a fail-over. */
  readonly transaction: <T>(work: Work<T>, repeat?: Repeat) => Promise<T>;
}

/** Whatever happens, an answer is there this many ms after the time limit of one query. */
const GRACE = 2000;
const ATTEMPTS = 10;
/** Failures of hosts and connections within one piece of work. */
const MOVES = 4;

/** Failed at a moment that leaves open whether it was done. */
class Unsure extends Error {}

/** @param queryLimit ms that one query may take */
export function createTransactions(name: string, failover: Failover, queryLimit: number): Mysql {
  async function perform<T>(
    repeat: Repeat,
    work: (borrowed: Borrowed, left: () => number, uncertain: boolean) => Promise<T>,
  ): Promise<T> {
    const deadline = performance.now() + queryLimit + GRACE;
    const left = () => Math.min(queryLimit, deadline - performance.now());
    let uncertain = false;
    let moves = 0;
    for (let attempt = 1; ; attempt++) {
      let borrowed: Borrowed | undefined;
      try {
        borrowed = await failover.borrow(deadline);
        return await work(borrowed, left, uncertain);
      } catch (thrown) {
        const error = thrown instanceof Unsure ? thrown.cause : thrown;
        uncertain ||= thrown instanceof Unsure;
        if (!isOfDatabase(error)) throw error;
        if (uncertain && repeat === undefined) throw unavailable(name, error);
        if (!goesOn(error, borrowed) || left() <= 0 || attempt === ATTEMPTS) throw asOurs(name, error);
        if (faultOf(error) !== 'conflict' && ++moves > MOVES) throw unavailable(name, error);
        await sleep(Math.min(left(), 5 * attempt * (1 + Math.random())));
      } finally {
        if (borrowed) borrowed.pool.giveBack(borrowed.connection);
      }
    }
  }

  /** Is there hope that the same, done again, will succeed? Gives up the host where the error says so. */
  function goesOn(error: unknown, borrowed: Borrowed | undefined): boolean {
    if (borrowed === undefined) return false;
    switch (faultOf(error)) {
      case 'conflict':
        return true;
      case 'demoted':
        failover.failed(borrowed.pool, error);
        return true;
      case 'lost':
        if (error instanceof TimeLimit && failover.several) failover.failed(borrowed.pool, error);
        return true;
      case 'full':
        if (failover.several) failover.failed(borrowed.pool, error);
        return failover.several;
      case 'value':
      case 'other':
        return false;
    }
  }

  const on =
    ({ pool, connection }: Borrowed, left: () => number) =>
    (sql: string, values: readonly Parameter[] = []) =>
      connection.query(sql, values, left(), () => void failover.suspect(pool));

  return {
    name,
    all: (sql, values) =>
      perform('repeatable', async (borrowed, left) => (await on(borrowed, left)(sql, values)) as Row[]),
    run: (sql, values, repeat) =>
      perform(repeat, async (borrowed, left) => {
        const done = await on(borrowed, left)(sql, values).catch(unsureIf(mayBeDone));
        return (done as { affectedRows: number }).affectedRows;
      }),
    transaction: (work, repeat) =>
      perform(repeat, async (borrowed, left, uncertain) => {
        const send = on(borrowed, left);
        const tx = new Transaction(send, borrowed.connection);
        try {
          const result = await work(tx, uncertain);
          if (await tx.begun()) await send('commit').catch(unsureIf(mayBeCommitted));
          return result;
        } catch (error) {
          if (await tx.begun()) await rollBack(borrowed.connection);
          throw error;
        }
      }),
  };
}

function unsureIf(open: (error: unknown) => boolean): (error: unknown) => never {
  return (error) => {
    throw open(error) ? new Unsure('it may have happened', { cause: error }) : error;
  };
}

/** A connection that can't be rolled back is gone: its state must not reach anybody else. */
async function rollBack(connection: Connection): Promise<void> {
  if (!connection.usable) return;
  await connection.query('rollback', [], 1000).catch((error: unknown) => {
    connection.destroy(error instanceof Error ? error : new Error(String(error)));
  });
}

/** What the database or the way to it has thrown, as our error. Anything else passes as it is: a bug of ours is no outage. */
export function asOurs(name: string, error: unknown): unknown {
  if (!isOfDatabase(error)) return error;
  return faultOf(error) === 'value' ? refusedValue(error) : unavailable(name, error);
}
