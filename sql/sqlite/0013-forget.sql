-- drachtio-silo, schema step 13 for SQLite: of whom the nodes are to remember nothing any more, since a person was erased. A row stands
-- here for seconds only: until its node has done so, or has not for too long. Safe to run again.
create table if not exists silo_forget (
  aor  text not null,
  node text not null,
  at   integer not null,                             -- epoch seconds: what a process that died has left goes
  primary key (node, aor)
) without rowid;
create index if not exists silo_forget_aor_idx on silo_forget (aor);
create index if not exists silo_forget_at_idx on silo_forget (at);
