/**
 * MySQL 8 and MariaDB >= 10.6, one server or several, through mysql2. READ COMMITTED, group commit, deadlocks and lock
 * waits tried again, a time limit on every query so that a frozen server can't hold a request.
 */
import { logger } from '../../base/log.ts';
import { mysqlBindings } from './bindings.ts';
import { mysqlBoxes } from './operations/boxes.ts';
import { mysqlDeadLetters } from './dead-letters.ts';
import { mysqlDevices, mysqlReminders } from './devices.ts';
import { checkFitness, durabilityWarnings } from './link/health.ts';
import { ConnectionPool } from './link/connection-pool.ts';
import { Failover, type Borrowed } from './link/failover.ts';
import { mysqlLeases } from './leases.ts';
import { mysqlMending } from './operations/mending.ts';
import { mysqlMwi } from './mwi.ts';
import { mysqlNodes } from './nodes.ts';
import { mysqlPersons } from './operations/persons.ts';
import { mysqlUsers } from './users.ts';
import { mysqlReads } from './reads.ts';
import { mysqlSubmissions } from './submissions.ts';
import { migrateMysql } from './link/schema.ts';
import { mysqlMessages } from './messages.ts';
import type { Tls } from './link/tls.ts';
import type { MysqlUrl } from './link/url.ts';
import { asOurs, createTransactions } from './link/transactions.ts';
import type { Store } from '../contract/store.ts';

const log = logger('store:mysql');
/** Opening waits for a connection at most this long, ms. */
const START_LIMIT = 10_000;

export interface MysqlOptions {
  readonly tls: Tls | undefined;
  /** Connections to the host in use. */
  readonly connections: number;
  /** Milliseconds after which a query counts as failed. */
  readonly queryTimeout: number;
}

export async function openMysql(
  { hosts: addresses, account, name }: MysqlUrl,
  now: () => number,
  { tls, connections, queryTimeout }: MysqlOptions,
): Promise<Store> {
  const failover = new Failover(
    addresses.map((address) => new ConnectionPool(address, account, tls, connections)),
    (pool) => void warnOf(pool),
  );
  const db = createTransactions(name, failover, queryTimeout);

  async function borrowed<T>(limit: number, work: (borrowed: Borrowed) => Promise<T>): Promise<T> {
    const held = await failover.borrow(performance.now() + limit);
    try {
      return await work(held);
    } finally {
      held.pool.giveBack(held.connection);
    }
  }

  const warnings = () =>
    borrowed(queryTimeout, ({ pool, connection }) => durabilityWarnings(connection, pool.name, queryTimeout));

  /** Each host is looked at when it comes into use for the first time. */
  const looked = new Set<ConnectionPool>();
  async function warnOf(pool: ConnectionPool): Promise<void> {
    if (looked.has(pool)) return;
    looked.add(pool);
    try {
      for (const warning of await warnings()) log.warn(warning);
    } catch (error) {
      looked.delete(pool);
      log.debug(`the settings of ${pool.name} could not be read: ${String(error)}`);
    }
  }

  try {
    await failover.start();
    await borrowed(START_LIMIT, async ({ connection }) => {
      await migrateMysql(connection);
      // Its session is not like the others.
      connection.end();
    });
  } catch (error) {
    await failover.close();
    throw asOurs(name, error);
  }
  return {
    name,
    ...mysqlReads(db),
    ...mysqlMessages(db, now),
    ...mysqlBoxes(db),
    ...mysqlMending(db, now),
    ...mysqlReminders(db),
    ...mysqlDevices(db, now),
    ...mysqlDeadLetters(db, now),
    ...mysqlLeases(db),
    ...mysqlBindings(db),
    ...mysqlMwi(db, now),
    ...mysqlNodes(db),
    ...mysqlPersons(db, now),
    ...mysqlUsers(db),
    ...mysqlSubmissions(db),
    ping: async () => {
      await db.all('select 1');
      await borrowed(queryTimeout, async ({ pool, connection }) => {
        await checkFitness(connection, queryTimeout).catch((error: unknown) => {
          failover.failed(pool, error);
          throw error;
        });
      }).catch((error: unknown) => {
        throw asOurs(name, error);
      });
    },
    warnings: () =>
      warnings().catch((error: unknown) => {
        throw asOurs(name, error);
      }),
    load: () => failover.load(),
    close: () => failover.close(),
  };
}
