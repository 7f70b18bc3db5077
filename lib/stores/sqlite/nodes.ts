/** Nodes in SQLite, what they share, and bodies that get another key. */
import type { BodyKeyStore } from '../contract/body-keys.ts';
import type { NodeStore, QuarantineStore } from '../contract/nodes.ts';
import { FORGET_LIFE } from '../shared/person-rows.ts';
import type { ReadStore } from '../shared/reads.ts';
import { HIDDEN, toNode } from '../shared/rows.ts';
import { text } from '../shared/values.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';

const NODES = `select node, run, process, server, version, started, seen, stopped, max(? - seen, 0) as silent
  from silo_node order by node`;

type Nodes = NodeStore & Omit<BodyKeyStore & QuarantineStore, keyof ReadStore>;

export function sqliteNodes(db: Sqlite, now: () => number): Part<Nodes> {
  const nodes = () => db.sql(NODES).all(now()).map(toNode);
  return {
    nodes,

    beat: ({ node, run, process, server, version }) => {
      const before = nodes();
      db.sql(
        `insert into silo_node (node, run, process, server, version, started, seen, stopped)
           values (?, ?, ?, ?, ?, ?, ?, 0)
           on conflict (node) do update set
             started = case when silo_node.run = excluded.run then silo_node.started else excluded.started end,
             run = excluded.run, process = excluded.process, server = excluded.server, version = excluded.version,
             seen = excluded.seen, stopped = 0`,
      ).run(node, run, process, server, version, now(), now());
      return before;
    },

    beginQuarantine: (since) => {
      db.sql('insert or ignore into silo_quarantine (id, since) values (1, ?)').run(since);
    },

    endQuarantine: () => db.sql('delete from silo_quarantine where id = 1').run().changes > 0,

    addBodyKey: (id, proof) => {
      db.sql('insert or ignore into silo_body_key (id, proof) values (?, ?)').run(id, proof);
    },

    reseal: (table, bodies) =>
      bodies.reduce((written, { message, was }) => {
        const { id, key, body, headers, seal } = message;
        const { changes } = db
          .sql(
            `update ${table} set body = ?, extra_hdrs = ?, seal = ?${HIDDEN[table]}
               where id = ? and dedup = ? and seal is ?`,
          )
          .run(body, headers, seal ?? null, id, key, was ?? null);
        return written + changes;
      }, 0),

    leaveNode: (node, run) => {
      db.sql('update silo_node set stopped = ?, seen = ? where node = ? and run = ?').run(
        now(),
        now(),
        node,
        run,
      );
    },

    askToForget: (aor, names) => {
      for (const node of names)
        db.sql('insert or ignore into silo_forget (aor, node, at) values (?, ?, ?)').run(aor, node, now());
    },

    toForget: (node, limit) =>
      db
        .sql('select aor from silo_forget where node = ? limit ?')
        .all(node, limit)
        .map((row) => text(row, 'aor')),

    haveForgotten: (node, aors) => {
      for (const aor of aors) db.sql('delete from silo_forget where node = ? and aor = ?').run(node, aor);
    },

    forgetNodes: (seconds) => {
      db.sql('delete from silo_node where seen < ?').run(now() - seconds);
      db.sql('delete from silo_forget where at < ?').run(now() - FORGET_LIFE);
    },
  };
}
