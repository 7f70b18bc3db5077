/** Nodes in MySQL, by the database's clock, and what they share. */
import type { Mysql } from './link/transactions.ts';
import type { BodyKeyStore } from '../contract/body-keys.ts';
import type { NodeStore } from '../contract/nodes.ts';
import type { ReadStore } from '../shared/reads.ts';
import { toNode } from '../shared/rows.ts';

const NODES = `select node, run, process, server, version, started, seen, stopped,
  greatest(unix_timestamp() - seen, 0) as silent from silo_node order by node`;

export function mysqlNodes(db: Mysql): NodeStore & Omit<BodyKeyStore, keyof ReadStore> {
  const nodes = async () => (await db.all(NODES)).map(toNode);
  return {
    nodes,

    beat: async ({ node, run, process, server, version }) => {
      const before = await nodes();
      // Assignments run from left to right: `started` sees the old `run`.
      await db.run(
        `insert into silo_node (node, run, process, server, version, started, seen, stopped)
           values (?, ?, ?, ?, ?, unix_timestamp(), unix_timestamp(), 0)
           on duplicate key update
             started = if(run = values(run), started, values(started)), run = values(run), process = values(process),
             server = values(server), version = values(version), seen = values(seen), stopped = 0`,
        [node, run, process, server, version],
        'repeatable',
      );
      return before;
    },

    addBodyKey: async (id, proof) => {
      await db.run('insert ignore into silo_body_key (id, proof) values (?, ?)', [id, proof], 'repeatable');
    },

    leaveNode: async (node, run) => {
      await db.run(
        'update silo_node set stopped = unix_timestamp(), seen = unix_timestamp() where node = ? and run = ?',
        [node, run],
        'repeatable',
      );
    },

    forgetNodes: async (seconds) => {
      await db.run('delete from silo_node where seen < unix_timestamp() - ?', [seconds], 'repeatable');
    },
  };
}
