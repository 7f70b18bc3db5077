/**
 * MySQL 8 and MariaDB >= 10.6, one server or several, through mysql2. READ COMMITTED, group commit, deadlocks and lock
 * waits tried again, a time limit on every query so that a frozen server can't hold a request.
 */
import { SiloError } from '../errors.ts';
import { logger } from '../log.ts';
import { mysqlBindings } from './mysql-bindings.ts';
import { mysqlDead } from './mysql-dead.ts';
import { mysqlDevices, mysqlReminders } from './mysql-devices.ts';
import { checkFitness, durabilityWarnings } from './mysql-health.ts';
import { Host } from './mysql-host.ts';
import { Hosts, type Borrowed } from './mysql-hosts.ts';
import { mysqlLeases } from './mysql-leases.ts';
import { mysqlMwi } from './mysql-mwi.ts';
import { mysqlNodes } from './mysql-nodes.ts';
import { migrateMysql } from './mysql-schema.ts';
import { mysqlSilo } from './mysql-silo.ts';
import type { MysqlUrl } from './mysql-url.ts';
import { createWork } from './mysql-work.ts';
import { unavailable } from './rows.ts';
import type { Store } from './store.ts';

export type { Mysql, Queries } from './mysql-work.ts';

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
  const hosts = new Hosts(
    addresses.map((address) => new Host(address, account, connections)),
    (host) => void warnOf(host),
  );
  const db = createWork(name, hosts, queryTimeout);

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
  const looked = new Set<Host>();
  async function warnOf(host: Host): Promise<void> {
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
    ...mysqlSilo(db, now),
    ...mysqlReminders(db),
    ...mysqlDevices(db, now),
    ...mysqlDead(db, now),
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
