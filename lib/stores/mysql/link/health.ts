/** Is a host one to write to, and is what it has committed safe? */
import { Unfit } from './errors.ts';
import type { Connection } from './connection.ts';
import type { Row } from '../../shared/values.ts';

const SESSION = [
  'set session transaction isolation level read committed',
  // lock_wait_timeout is that of table locks: without it a query that we gave up would wait on for a day.
  // wait_timeout: a server that lost sight of us must not hold our locks for hours.
  `set session sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', session innodb_lock_wait_timeout = 2,
     session lock_wait_timeout = 3, session wait_timeout = 120`,
];

/** Reading and writing wait until what other nodes of the cluster committed before is applied here too. */
const CAUSAL = 'set session wsrep_sync_wait = 7';
/** Whoever stops in the middle of a transaction (a frozen process of ours) must not block the others. */
const NO_IDLE_TRANSACTION = 'set session idle_transaction_timeout = 10';

/** Values of wsrep_local_state. */
const SYNCED = '4';
const DONOR = '2';

/** What of a host can be used: `donor` only if there is no better one, since its writes may stall. */
export type Fitness = 'fit' | 'donor';

/**
 * Prepares a new connection, once.
 * @throws Unfit when the host must not be written to
 */
export async function prepare(connection: Connection, limit: number): Promise<Fitness> {
  for (const statement of SESSION) await connection.query(statement, [], limit);
  const [row] = await rows(connection, 'select @@version as version', limit);
  connection.returnsInserted = String(row?.['version']).includes('MariaDB');
  if (connection.returnsInserted) await connection.query(NO_IDLE_TRANSACTION, [], limit);
  // Before the next one: a node that just lost sight of the others is not to be taken for one that hangs.
  const fitness = await checkFitness(connection, limit);
  const cluster = await clusterOf(connection, limit);
  if (cluster === 'galera') await connection.query(CAUSAL, [], limit);
  connection.takesSeveral = cluster === undefined;
  return fitness;
}

/** @throws Unfit when the host must not be written to now */
export async function checkFitness(connection: Connection, limit: number): Promise<Fitness> {
  const [row] = await rows(connection, 'select @@global.read_only as read_only', limit);
  // MariaDB 12 says OFF, all others say 0.
  if (!['0', 'OFF'].includes(String(row?.['read_only']))) throw new Unfit('the server is read-only');
  if (!(await isGalera(connection, limit))) return 'fit';
  const status = await named(
    connection,
    'status',
    "'wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state'",
    limit,
  );
  if (status.get('wsrep_ready') !== 'ON' || status.get('wsrep_cluster_status') !== 'Primary')
    throw new Unfit(
      `the Galera node is not ready (wsrep_ready ${status.get('wsrep_ready') ?? '?'}, wsrep_cluster_status ${status.get('wsrep_cluster_status') ?? '?'})`,
    );
  const state = status.get('wsrep_local_state') ?? '?';
  if (state !== SYNCED && state !== DONOR)
    throw new Unfit(`the Galera node is not synced (wsrep_local_state ${state})`);
  return state === SYNCED ? 'fit' : 'donor';
}

/** One sentence for each setting by which an acknowledged message could be lost: found, wanted, do. */
export async function durabilityWarnings(
  connection: Connection,
  host: string,
  limit: number,
): Promise<readonly string[]> {
  const found = await named(
    connection,
    'variables',
    "'innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'wsrep_on'",
    limit,
  );
  const warnings: string[] = [];
  const warn = (name: string, wanted: string, risk: string) =>
    warnings.push(
      `${host} has ${name} = ${found.get(name) ?? '?'}, wanted is ${wanted}: ${risk}. ` +
        `Set ${name} = ${wanted} in the server's configuration.`,
    );
  // MariaDB's 3 writes at each commit as well, only not together with the binary log.
  if (!['1', '3'].includes(found.get('innodb_flush_log_at_trx_commit') ?? ''))
    warn('innodb_flush_log_at_trx_commit', '1', 'a message that was acknowledged can be lost in a crash');
  if (found.get('log_bin') === 'ON' && found.get('sync_binlog') !== '1')
    warn('sync_binlog', '1', 'after a crash the replicas can lack messages that were acknowledged');
  if (found.get('wsrep_on') === 'ON') {
    const size = Number(
      (await named(connection, 'status', "'wsrep_cluster_size'", limit)).get('wsrep_cluster_size'),
    );
    if (size < 3)
      warnings.push(
        `${host} is in a Galera cluster of ${size}, wanted are 3 or more: with fewer the failure of one node stops the others. ` +
          'Bring the missing nodes back, or add nodes (an arbitrator, garbd, counts as one).',
      );
  }
  return warnings;
}

/** A node of Galera, or a member of MySQL's group replication: in both the commit of one ends transactions of others. */
async function clusterOf(connection: Connection, limit: number): Promise<'galera' | 'group' | undefined> {
  const found = await named(connection, 'variables', "'wsrep_on', 'group_replication_group_name'", limit);
  if (found.get('wsrep_on') === 'ON') return 'galera';
  return (found.get('group_replication_group_name') ?? '') === '' ? undefined : 'group';
}

/** Is the host a node of a Galera cluster? */
export async function isGalera(connection: Connection, limit: number): Promise<boolean> {
  return (await clusterOf(connection, limit)) === 'galera';
}

async function named(
  connection: Connection,
  what: 'variables' | 'status',
  names: string,
  limit: number,
): Promise<ReadonlyMap<string, string>> {
  const found = await rows(connection, `show global ${what} where variable_name in (${names})`, limit);
  return new Map(found.map((row) => [String(row['Variable_name']).toLowerCase(), String(row['Value'])]));
}

async function rows(connection: Connection, sql: string, limit: number): Promise<Row[]> {
  return (await connection.query(sql, [], limit)) as Row[];
}
