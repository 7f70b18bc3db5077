-- drachtio-silo, schema step 4 for SQLite: nodes, and what a device says that it can do.
-- Safe to run again: the application skips a column that is there; the sqlite3 shell says so, and goes on. All times are epoch seconds (UTC).

-- One row per node, by its name (SILO_NODE). Each node writes `seen` every few seconds; one that does so no more is dead,
-- and others see to what it has left. A row is forgotten a week after it was last seen.
create table if not exists silo_node (
  node    text primary key,                          -- its name, the same over restarts
  run     text not null,                             -- the run of its process; `node/run` owns leases
  process text not null default '',                  -- host name and process id
  server  text not null default '',                  -- SIP addresses of its drachtio-server
  version text not null default '',
  started integer not null,                          -- first heartbeat of this run
  seen    integer not null,                          -- last heartbeat
  stopped integer not null default 0                 -- orderly stop; 0: runs, or died
) without rowid;
create index if not exists silo_node_seen_idx on silo_node (seen);

-- A device that can't do something is not asked again until its User-Agent or this changes: by Allow and `methods`, in
-- text order.
alter table binding add column methods text not null default '';
