/**
 * MySQL 8 and MariaDB >= 10.6, one server or several, through mysql2. READ COMMITTED, group commit, deadlocks and lock
 * waits tried again, a time limit on every query so that a frozen server can't hold a request.
 */
import { SiloError } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { mysqlBindings } from './bindings.ts';
import { mysqlDeadLetters } from './dead-letters.ts';
import { mysqlDevices, mysqlReminders } from './devices.ts';
import { checkFitness, durabilityWarnings } from './link/health.ts';
import { ConnectionPool } from './link/connection-pool.ts';
import { Failover, type Borrowed } from './link/failover.ts';
import { mysqlLeases } from './leases.ts';
import { mysqlMwi } from './mwi.ts';
import { mysqlNodes } from './nodes.ts';
import { migrateMysql } from './link/schema.ts';
import { mysqlMessages } from './messages.ts';
import type { MysqlUrl } from './link/url.ts';
import { createTransactions } from './link/transactions.ts';
import { unavailable } from '../shared/errors.ts';
import type { Store } from '../contract/store.ts';

const log = logger('store:mysql');
/** Opening waits for a connection at most this long, ms. */
const START_LIMIT = 10_000;

export interface MysqlOptions {
  /** Connections to the host in use. */
  readonly connections: number;
  /** Milliseconds after which a query counts as failed. */
  readonly queryTimeout: number;
}

export async function openMysql(
  { hosts: addresses, account, name }: MysqlUrl,
  now: () => number,
  { connections, queryTimeout }: MysqlOptions,
): Promise<Store> {
  const hosts = new Failover(
    addresses.map((address) => new ConnectionPool(address, account, connections)),
    (host) => void warnOf(host),
  );
  const db = createTransactions(name, hosts, queryTimeout);

  async function borrowed<T>(limit: number, work: (borrowed: Borrowed) => Promise<T>): Promise<T> {
    const held = await hosts.borrow(performance.now() + limit);
    try {
      return await work(held);
    } finally {
      held.host.giveBack(held.link);
    }
  }

  const warnings = () =>
    borrowed(queryTimeout, ({ host, link }) => durabilityWarnings(link, host.name, queryTimeout));

  /** Each host is looked at when it comes into use for the first time. */
  const looked = new Set<ConnectionPool>();
  async function warnOf(host: ConnectionPool): Promise<void> {
    if (looked.has(host)) return;
    looked.add(host);
    try {
      for (const warning of await warnings()) log.warn(warning);
    } catch (error) {
      looked.delete(host);
      log.debug(`the settings of ${host.name} could not be read: ${String(error)}`);
    }
  }

  try {
    await hosts.start();
    await borrowed(START_LIMIT, async ({ link }) => {
      await migrateMysql(link);
      // Its session is not like the others.
      link.end();
    });
  } catch (error) {
    await hosts.close();
    throw error instanceof SiloError ? error : unavailable(name, error);
  }
  return {
    name,
    ...mysqlMessages(db, now),
    ...mysqlReminders(db),
    ...mysqlDevices(db, now),
    ...mysqlDeadLetters(db, now),
    ...mysqlLeases(db),
    ...mysqlBindings(db),
    ...mysqlMwi(db, now),
    ...mysqlNodes(db),
    ping: async () => {
      await db.all('select 1');
      await borrowed(queryTimeout, async ({ host, link }) => {
        await checkFitness(link, queryTimeout).catch((error: unknown) => {
          hosts.failed(host, error);
          throw error;
        });
      }).catch((error: unknown) => {
        throw unavailable(name, error);
      });
    },
    warnings: () =>
      warnings().catch((error: unknown) => {
        throw unavailable(name, error);
      }),
    close: () => hosts.close(),
  };
}
