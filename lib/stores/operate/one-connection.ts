/** One connection to the host that the application would use, whatever is in its database. */
import type { MysqlAccess } from '../access.ts';
import { ConnectionPool } from '../mysql/link/connection-pool.ts';
import type { Connection } from '../mysql/link/connection.ts';
import { Failover } from '../mysql/link/failover.ts';
import { asOurs } from '../mysql/link/transactions.ts';

const LIMIT = 10_000;

/** @param work also told the name of the host */
export async function onConnection<T>(
  { hosts, account, tls, name }: MysqlAccess,
  work: (connection: Connection, host: string) => Promise<T>,
): Promise<T> {
  const failover = new Failover(
    hosts.map((address) => new ConnectionPool(address, account, tls, 1)),
    () => undefined,
  );
  try {
    await failover.start();
    const { pool, connection } = await failover.borrow(performance.now() + LIMIT);
    try {
      return await work(connection, pool.name);
    } finally {
      connection.end();
    }
  } catch (error) {
    throw asOurs(name, error);
  } finally {
    await failover.close();
  }
}
