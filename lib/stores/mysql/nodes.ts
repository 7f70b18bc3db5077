/** Nodes in MySQL, by the database's clock, what they share, and bodies that get another key. */
import type { Mysql } from './link/transactions.ts';
import type { BodyKeyStore } from '../contract/body-keys.ts';
import type { NodeStore, QuarantineStore } from '../contract/nodes.ts';
import type { ReadStore } from '../shared/reads.ts';
import { FORGET_LIFE } from '../shared/person-rows.ts';
import { HIDDEN, toNode } from '../shared/rows.ts';
import { text, whole } from '../shared/values.ts';

const NODES = `select node, run, process, server, version, started, seen, stopped,
  greatest(unix_timestamp() - seen, 0) as silent from silo_node order by node`;

type Nodes = NodeStore & Omit<BodyKeyStore & QuarantineStore, keyof ReadStore>;

export function mysqlNodes(db: Mysql): Nodes {
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

    beginQuarantine: async (now) => {
      await db.run('insert ignore into silo_quarantine (id, since) values (1, ?)', [now], 'repeatable');
    },

    endQuarantine: async () =>
      (await db.run('delete from silo_quarantine where id = 1', [], 'repeatable')) > 0,

    addBodyKey: async (id, proof) => {
      await db.run('insert ignore into silo_body_key (id, proof) values (?, ?)', [id, proof], 'repeatable');
    },

    // Row by row by the primary key, rising: no other transaction waits for us in a ring.
    reseal: (table, bodies) =>
      db.transaction(async (tx) => {
        let written = 0;
        for (const { message, was } of [...bodies].sort((a, b) => a.message.id - b.message.id)) {
          const { id, key, body, headers, seal } = message;
          written += await tx.run(
            `update ${table} force index (primary) set body = ?, extra_hdrs = ?, seal = ?${HIDDEN[table]}
               where id = ? and dedup = ? and seal <=> ?`,
            [body, headers, seal ?? null, id, key, was ?? null],
          );
        }
        return written;
      }, 'repeatable'),

    leaveNode: async (node, run) => {
      await db.run(
        'update silo_node set stopped = unix_timestamp(), seen = unix_timestamp() where node = ? and run = ?',
        [node, run],
        'repeatable',
      );
    },

    askToForget: async (aor, nodes) => {
      for (const node of [...nodes].sort())
        await db.run(
          'insert ignore into silo_forget (aor, node, at) values (?, ?, unix_timestamp())',
          [aor, node],
          'repeatable',
        );
    },

    toForget: async (node, limit) =>
      (await db.all(`select aor from silo_forget where node = ? limit ${whole(limit)}`, [node])).map((row) =>
        text(row, 'aor'),
      ),

    haveForgotten: async (node, aors) => {
      for (const aor of aors)
        await db.run('delete from silo_forget where node = ? and aor = ?', [node, aor], 'repeatable');
    },

    forgetNodes: async (seconds) => {
      await db.run('delete from silo_node where seen < unix_timestamp() - ?', [seconds], 'repeatable');
      await db.run('delete from silo_forget where at < unix_timestamp() - ?', [FORGET_LIFE], 'repeatable');
    },
  };
}
